"""OpenAI's own client for Python against a mesh: python3 ask.py PACKAGES BASE_URL. Prints one line of JSON for each check."""

import asyncio
import json
import sys
import traceback

sys.path.insert(0, sys.argv[1])

import openai  # noqa: E402
import pydantic  # noqa: E402

BASE_URL = sys.argv[2]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]


def client(key="key-of-ann"):
    return openai.OpenAI(api_key=key, base_url=BASE_URL, max_retries=0)


def asking(text):
    return {"model": "auto", "messages": [{"role": "user", "content": text}]}


def create():
    raw = client().chat.completions.with_raw_response.create(**asking("What is in Python?"))
    answer = raw.parse()
    assert answer.choices[0].message.content == "You asked: What is in Python?"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == 15
    assert raw.headers["x-refrain-source"] == "provider"
    assert answer.id == "chatcmpl-" + raw.headers["x-request-id"]


def stream():
    chunks = list(client().chat.completions.create(**asking("What streams?"), stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "You asked: What streams?"
    assert len(chunks) > 2 and all(chunk.usage is None for chunk in chunks)


def stream_with_usage():
    chunks = list(
        client().chat.completions.create(
            **asking("What counts?"), stream=True, stream_options={"include_usage": True}
        )
    )
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens == 15


def asynchronous():
    async def both():
        async with openai.AsyncOpenAI(api_key="key-of-ann", base_url=BASE_URL, max_retries=0) as own:
            answers = await asyncio.gather(*[own.chat.completions.create(**asking("What is shared?")) for _ in range(5)])
            text = ""
            async for chunk in await own.chat.completions.create(**asking("What comes later?"), stream=True):
                text += chunk.choices[0].delta.content or ""
            return answers, text

    answers, text = asyncio.run(both())
    assert {answer.choices[0].message.content for answer in answers} == {"You asked: What is shared?"}
    assert text == "You asked: What comes later?"


def tools():
    messages = [{"role": "user", "content": "How is the weather?"}]
    message = client().chat.completions.create(model="auto", messages=messages, tools=TOOLS).choices[0].message
    call = message.tool_calls[0]
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Oslo"})
    result = {"role": "tool", "tool_call_id": call.id, "content": "rain"}
    for sent in (message, message.model_dump()):
        answer = client().chat.completions.create(model="auto", messages=[*messages, sent, result], tools=TOOLS)
        assert answer.choices[0].message.content == "You asked: rain"


def structured():
    class Named(pydantic.BaseModel):
        name: str

    parsed = client().chat.completions.parse(**asking("What has a name?"), response_format=Named)
    assert parsed.choices[0].message.parsed == Named(name="Refrain")


def models():
    ids = [model.id for model in client().models.list()]
    assert ids == ["auto", "best", "one/large", "two/large", "absent/large"], ids
    assert client().models.retrieve("one/large").owned_by == "one"


def raises(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__} was raised")


def errors():
    def call(own=None, **more):
        return lambda: (own or client()).chat.completions.create(**{**asking("What fails?"), **more})

    bad = raises(openai.BadRequestError, call(temperature=3))
    assert (bad.status_code, bad.param, bad.type) == (400, "temperature", "invalid_request_error")
    assert raises(openai.BadRequestError, call(logit_bias={})).code == "unsupported_parameter"
    assert raises(openai.NotFoundError, call(model="gpt-99")).code == "model_not_found"
    raises(openai.AuthenticationError, call(own=client("nonsense")))
    eve = client("key-of-eve")
    for _ in range(3):
        call(own=eve)()
    limited = raises(openai.RateLimitError, call(own=eve))
    assert int(limited.response.headers["retry-after"]) > 0
    none = {"x-refrain-fallback": "none"}
    down = raises(openai.InternalServerError, call(messages=asking("Please fail.")["messages"], extra_headers=none))
    assert (down.status_code, down.code) == (503, "upstream_overloaded")


def broken_stream():
    chunks = client().chat.completions.create(**asking("Please break off."), stream=True)
    raises(openai.APIError, lambda: list(chunks))


for check in (create, stream, stream_with_usage, asynchronous, tools, structured, models, errors, broken_stream):
    try:
        check()
        print(json.dumps({"check": check.__name__}), flush=True)
    except Exception:  # a check that fails says how; the others still run
        print(json.dumps({"check": check.__name__, "error": traceback.format_exc()}), flush=True)
