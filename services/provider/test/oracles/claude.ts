import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import type { FaultKind } from '@refrain/testkit';
import type { OpenOracle, Said } from './oracle.ts';

type Fault = [errorClass: unknown, status: number, type: string, errorCode?: string];

const faults: Readonly<Record<FaultKind, Fault>> = {
  rate_limited: [Anthropic.RateLimitError, 429, 'rate_limit_error'],
  daily_quota: [Anthropic.RateLimitError, 429, 'rate_limit_error'],
  spend_limit: [Anthropic.RateLimitError, 429, 'rate_limit_error', 'enforced_spend_limit_reached'],
  bad_key: [Anthropic.AuthenticationError, 401, 'authentication_error'],
  overloaded: [Anthropic.InternalServerError, 529, 'overloaded_error'],
  failed: [Anthropic.InternalServerError, 500, 'api_error'],
  invalid: [Anthropic.BadRequestError, 400, 'invalid_request_error'],
  model_missing: [Anthropic.NotFoundError, 404, 'not_found_error'],
  context_too_long: [Anthropic.BadRequestError, 400, 'invalid_request_error'],
};

function toSaid({ content, model, stop_reason, usage }: Anthropic.Message): Said {
  const cached = usage.cache_read_input_tokens ?? 0;
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    toolCalls: content.flatMap((block) =>
      block.type === 'tool_use' ? [{ name: block.name, arguments: block.input }] : [],
    ),
    finish: stop_reason,
    usage: {
      prompt: usage.input_tokens + cached + (usage.cache_creation_input_tokens ?? 0),
      completion: usage.output_tokens,
      cached,
      reasoning: usage.output_tokens_details?.thinking_tokens,
    },
    model,
  };
}

/** The `@anthropic-ai/sdk` package. */
export const openClaude: OpenOracle = (upstream) => {
  const client = new Anthropic({ baseURL: upstream.baseUrl, apiKey: 'sk-test', maxRetries: 0 });
  const ask = (content: string) => ({
    model: 'some-model',
    max_tokens: 100,
    messages: [{ role: 'user' as const, content }],
  });
  return {
    whole: async (question) => toSaid(await client.messages.create(ask(question))),
    stream: async (question, onText) => {
      const stream = client.messages.stream(ask(question));
      if (onText) stream.on('text', onText);
      return toSaid(await stream.finalMessage());
    },
    finish: { stop: 'end_turn', length: 'max_tokens', content_filter: 'refusal', tools: 'tool_use' },
    expectFault: (kind, error) => {
      const [errorClass, status, type, errorCode = null] = faults[kind];
      assert.ok(error instanceof (errorClass as typeof Anthropic.RateLimitError), `${error}`);
      const { requestID } = error;
      assert.deepEqual(
        [error.status, error.type, error.errorCode, requestID],
        [status, type, errorCode, 'req_scripted'],
      );
    },
    toldToWait: (error) => Number((error as { headers: Headers }).headers.get('retry-after')) * 1000,
    expectStreamError: (error) => {
      assert.ok(error instanceof Anthropic.APIError, `${error}`);
      assert.equal(error.type, 'overloaded_error');
    },
  };
};
