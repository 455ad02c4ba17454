import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Role } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { parseChatCompletion, toChat } from './to-chat.ts';

const hello = [{ role: 'user', content: 'hello' }];
const faultOf = (body: unknown): RefrainError => {
  try {
    parseChatCompletion(body);
  } catch (error) {
    assert.ok(error instanceof RefrainError);
    return error;
  }
  throw new assert.AssertionError({ message: 'the body was accepted' });
};

test('every supported parameter reaches the canonical request', () => {
  const chat = toChat(
    parseChatCompletion({
      model: 'fast',
      messages: [
        { role: 'developer', content: 'be brief' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'what is this' },
            { type: 'image_url', image_url: { url: 'https://x/y.png' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } }],
        },
        { role: 'tool', content: 'a cat', tool_call_id: 'c1' },
      ],
      temperature: 0.2,
      top_p: 0.9,
      max_completion_tokens: 7,
      seed: 3,
      stop: 'END',
      tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }],
      tool_choice: { type: 'function', function: { name: 'look' } },
      response_format: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'object' }, strict: true } },
      reasoning_effort: 'low',
    }),
  );
  assert.equal(chat.model, 'fast');
  assert.deepEqual(
    chat.messages.map((message) => message.role),
    [Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.TOOL],
  );
  assert.equal(chat.messages[1]?.parts[1]?.content.case, 'image');
  assert.equal(chat.messages[2]?.toolCalls[0]?.name, 'look');
  assert.equal(chat.messages[3]?.toolCallId, 'c1');
  assert.deepEqual([chat.temperature, chat.topP, chat.maxTokens, chat.seed, chat.stop], [0.2, 0.9, 7, 3n, ['END']]);
  assert.equal(chat.tools[0]?.parametersJson, '{"type":"object"}');
  assert.deepEqual([chat.toolChoice?.mode, chat.toolChoice?.name], ['function', 'look']);
  assert.deepEqual([chat.responseFormat?.type, chat.responseFormat?.strict], ['json_schema', true]);
  assert.equal(chat.reasoningEffort, 'low');
});

test('a missing model means auto, and null means not set', () => {
  const chat = toChat(parseChatCompletion({ messages: hello, temperature: null, stop: null }));
  assert.equal(chat.model, 'auto');
  assert.equal(chat.temperature, undefined);
  assert.deepEqual(chat.stop, []);
});

test('a parameter that would do nothing is refused by name', () => {
  const error = faultOf({ messages: hello, logit_bias: { 5: 1 } });
  assert.equal(error.code, 'unsupported');
  assert.equal(error.reason, 'UNSUPPORTED_PARAMETER');
  assert.equal(error.fields[0]?.field, 'logit_bias');
});

test('more than one choice is refused as unsupported, not as wrong, and says what to do instead', () => {
  const { code, fields, message } = faultOf({ messages: hello, n: 2 });
  assert.deepEqual([code, fields.map(({ field }) => field)], ['unsupported', ['n']]);
  assert.match(message, /n must be 1\. For several answers send the request several times/);
  assert.match(faultOf({ messages: hello, logprobs: true }).message, /logprobs must be false/);
});

test('every wrong type is reported with its path', () => {
  const error = faultOf({ messages: [{ role: 'user', content: 5 }], temperature: 'hot' });
  assert.equal(error.code, 'invalid');
  assert.deepEqual(error.fields.map((fault) => fault.field).sort(), ['messages[0].content', 'temperature']);
});

test('a field that may be two things says which of both is wrong, or what it may be', () => {
  const said = (content: unknown) => faultOf({ messages: [{ role: 'user', content }] }).message;
  assert.equal(said(undefined), 'messages[0].content must be a text or a list of parts.');
  assert.equal(said(5), 'messages[0].content must be a text or a list of parts.');
  assert.match(said([{ type: 'film' }]), /^messages\[0\]\.content\[0\]\.type: .*'text' \| 'image_url'/);
  assert.equal(said([{ type: 'text' }]), 'messages[0].content[0].text is missing.');
  assert.equal(faultOf({}).message, 'messages is missing.');
});

test('no messages, no body and a list instead of an object are invalid', () => {
  for (const body of [{}, { messages: [] }, [], 'text', 5, null]) assert.equal(faultOf(body).code, 'invalid');
});

test('a schema nested too deep to be written out again is refused with its field', () => {
  const deep = JSON.parse(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
  const body = parseChatCompletion({
    messages: hello,
    tools: [{ type: 'function', function: { name: 'look', parameters: deep } }],
  });
  assert.throws(() => toChat(body), {
    code: 'invalid',
    fields: [{ field: 'tools[0].function.parameters', description: 'is nested too deeply' }],
  });
});

test("an answer may be sent back with all that OpenAI's clients have added to it", () => {
  const asked = { name: 'look', arguments: '{}', parsed_arguments: {} };
  const chat = toChat(
    parseChatCompletion({
      messages: [
        ...hello,
        {
          role: 'assistant',
          content: null,
          refusal: null,
          annotations: [],
          audio: null,
          function_call: null,
          parsed: null,
          name: null,
          tool_calls: [{ id: 'c1', type: 'function', index: 0, function: asked }],
        },
        { role: 'tool', content: 'a cat', tool_call_id: 'c1' },
      ],
    }),
  );
  assert.deepEqual([chat.messages[1]?.parts, chat.messages[1]?.toolCalls[0]?.argumentsJson], [[], '{}']);
});

test('a function call of the old kind is refused, for nobody would hear of it', () => {
  const message = { role: 'assistant', content: null, function_call: { name: 'look', arguments: '{}' } };
  assert.equal(faultOf({ messages: [...hello, message, ...hello] }).fields[0]?.field, 'messages[1].function_call');
});

test('two limits of an answer that differ are refused, the same one twice is taken', () => {
  assert.equal(faultOf({ messages: hello, max_tokens: 5, max_completion_tokens: 6 }).fields[0]?.field, 'max_tokens');
  assert.equal(toChat(parseChatCompletion({ messages: hello, max_tokens: 5, max_completion_tokens: 5 })).maxTokens, 5);
});

test('a field that nobody reads is refused by its path, wherever it stands', () => {
  for (const [body, field] of [
    [{ messages: [{ role: 'user', content: 'Hi.', cache_control: {} }] }, 'messages[0].cache_control'],
    [{ messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi.', x: 1 }] }] }, 'messages[0].content[0].x'],
    [{ messages: hello, stream_options: { every: 1 } }, 'stream_options.every'],
    [{ messages: hello, tools: [{ type: 'function', function: { name: 'a', x: 1 } }] }, 'tools[0].function.x'],
    [{ messages: hello, response_format: { type: 'text', x: 1 } }, 'response_format.x'],
  ] as const) {
    const error = faultOf(body);
    assert.deepEqual(
      [error.code, error.reason, error.fields[0]?.field],
      ['unsupported', 'UNSUPPORTED_PARAMETER', field],
    );
  }
});

test('however much is wrong, and with however long names, little is said of it', () => {
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`${'x'.repeat(100)}${i}`, 1]));
  for (const body of [
    { messages: hello, ...many },
    { messages: [{ role: 'user', content: 'Hi.', ...many }] },
    { messages: Array.from({ length: 2000 }, () => ({ role: 'user', content: [1, 2, 3] })) },
    { messages: hello, tools: Array.from({ length: 10_000 }, () => 1) },
    { messages: hello, metadata: 1, stop: Array.from({ length: 10_000 }, () => 1) },
  ]) {
    const { fields, message } = faultOf(body);
    assert.ok(message.length < 700 && fields.length <= 5, `${message.length}, ${fields.length}`);
  }
});

test('null within what may be left out is as if it were left out', () => {
  const chat = toChat(
    parseChatCompletion({
      messages: [
        { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x/y.png', detail: null } }] },
      ],
      tools: [{ type: 'function', function: { name: 'look', description: null, parameters: null, strict: null } }],
      stream_options: { include_usage: null },
    }),
  );
  const image = chat.messages[0]?.parts[0]?.content;
  assert.deepEqual([image?.case === 'image' && image.value.detail, chat.tools[0]?.parametersJson], ['auto', '']);
});
