import assert from 'node:assert/strict';
import type { FaultKind } from '@refrain/testkit';
import OpenAI from 'openai';
import { parseDuration } from '../../src/upstream/retry-after.ts';
import type { OpenOracle, Said } from './oracle.ts';

type ErrorClass = typeof OpenAI.RateLimitError | typeof OpenAI.InternalServerError | typeof OpenAI.BadRequestError;

const faults: Readonly<Record<FaultKind, [type: unknown, status: number, code: string | null]>> = {
  rate_limited: [OpenAI.RateLimitError, 429, 'rate_limit_exceeded'],
  daily_quota: [OpenAI.RateLimitError, 429, 'rate_limit_exceeded'],
  spend_limit: [OpenAI.RateLimitError, 429, 'credit_balance_exhausted'],
  bad_key: [OpenAI.AuthenticationError, 401, 'invalid_api_key'],
  overloaded: [OpenAI.InternalServerError, 503, 'engine_overloaded'],
  failed: [OpenAI.InternalServerError, 500, null],
  invalid: [OpenAI.BadRequestError, 400, null],
  model_missing: [OpenAI.NotFoundError, 404, 'model_not_found'],
  context_too_long: [OpenAI.BadRequestError, 400, 'context_length_exceeded'],
};

function toSaid(completion: OpenAI.ChatCompletion): Said {
  const [choice] = completion.choices;
  const { usage } = completion;
  return {
    text: choice?.message.content ?? '',
    toolCalls: (choice?.message.tool_calls ?? []).flatMap((call) =>
      call.type === 'function' ? [{ name: call.function.name, arguments: JSON.parse(call.function.arguments) }] : [],
    ),
    finish: choice?.finish_reason,
    usage: {
      prompt: usage?.prompt_tokens,
      completion: usage?.completion_tokens,
      cached: usage?.prompt_tokens_details?.cached_tokens,
      reasoning: usage?.completion_tokens_details?.reasoning_tokens,
    },
    model: completion.model,
  };
}

/** The `openai` package. */
export const openOpenAi: OpenOracle = (upstream) => {
  const client = new OpenAI({ baseURL: upstream.baseUrl, apiKey: 'sk-test', maxRetries: 0 });
  const ask = (content: string) => ({ model: 'some-model', messages: [{ role: 'user' as const, content }] });
  return {
    whole: async (question) => toSaid(await client.chat.completions.create(ask(question))),
    stream: async (question, onText) => {
      const stream = client.chat.completions.stream({ ...ask(question), stream_options: { include_usage: true } });
      if (onText) stream.on('content', onText);
      return toSaid(await stream.finalChatCompletion());
    },
    finish: { stop: 'stop', length: 'length', content_filter: 'content_filter', tools: 'tool_calls' },
    expectFault: (kind, error) => {
      const [type, status, code] = faults[kind];
      assert.ok(error instanceof (type as ErrorClass), `${error}`);
      assert.deepEqual([error.status, error.code, error.requestID], [status, code, 'req_scripted']);
    },
    toldToWait: (error) =>
      parseDuration((error as { headers: Headers }).headers.get('x-ratelimit-reset-requests') ?? ''),
    expectStreamError: (error) => {
      assert.ok(error instanceof OpenAI.APIError, `${error}`);
      assert.equal(error.type, 'server_error');
    },
  };
};
