import assert from 'node:assert/strict';
import { ApiError, type GenerateContentResponse, GoogleGenAI } from '@google/genai';
import type { FaultKind } from '@refrain/testkit';
import { parseDuration } from '../../src/upstream/retry-after.ts';
import type { OpenOracle, Said } from './oracle.ts';

const faults: Readonly<Record<FaultKind, [status: number, name: string, detail?: string]>> = {
  rate_limited: [429, 'RESOURCE_EXHAUSTED', 'PerMinute'],
  daily_quota: [429, 'RESOURCE_EXHAUSTED', 'PerDay'],
  spend_limit: [403, 'PERMISSION_DENIED', 'BILLING_DISABLED'],
  bad_key: [400, 'INVALID_ARGUMENT', 'API_KEY_INVALID'],
  overloaded: [503, 'UNAVAILABLE'],
  failed: [500, 'INTERNAL'],
  invalid: [400, 'INVALID_ARGUMENT'],
  model_missing: [404, 'NOT_FOUND'],
  context_too_long: [400, 'INVALID_ARGUMENT'],
};

/** The SDK joins nothing: a stream is its responses, the last of which tells usage and end. */
function toSaid(responses: readonly GenerateContentResponse[]): Said {
  const usage = responses.findLast((each) => each.usageMetadata)?.usageMetadata;
  const { candidatesTokenCount, thoughtsTokenCount } = usage ?? {};
  return {
    text: responses.map((each) => each.text ?? '').join(''),
    toolCalls: responses
      .flatMap((each) => each.functionCalls ?? [])
      .map(({ name = '', args }) => ({ name, arguments: args })),
    finish: responses.at(-1)?.candidates?.[0]?.finishReason,
    usage: {
      prompt: usage?.promptTokenCount,
      completion: candidatesTokenCount === undefined ? undefined : candidatesTokenCount + (thoughtsTokenCount ?? 0),
      cached: usage?.cachedContentTokenCount,
      reasoning: thoughtsTokenCount,
    },
    model: responses.at(-1)?.modelVersion,
  };
}

/** The `@google/genai` package. */
export const openGemini: OpenOracle = (upstream) => {
  const httpOptions = { baseUrl: upstream.baseUrl, retryOptions: { attempts: 1 } };
  const { models } = new GoogleGenAI({ apiKey: 'test', httpOptions });
  const ask = (contents: string) => ({ model: 'some-model', contents });
  return {
    whole: async (question) => toSaid([await models.generateContent(ask(question))]),
    stream: async (question, onText) => {
      const responses: GenerateContentResponse[] = [];
      for await (const response of await models.generateContentStream(ask(question))) {
        if (response.text) onText?.(response.text);
        responses.push(response);
      }
      return toSaid(responses);
    },
    finish: { stop: 'STOP', length: 'MAX_TOKENS', content_filter: 'SAFETY', tools: 'STOP' },
    expectFault: (kind, error) => {
      const [status, name, detail = ''] = faults[kind];
      assert.ok(error instanceof ApiError, `${error}`);
      const { error: body } = JSON.parse(error.message);
      assert.deepEqual([error.status, body.code, body.status], [status, status, name]);
      assert.ok(JSON.stringify(body.details).includes(detail), error.message);
    },
    toldToWait: (error) => {
      const { details } = JSON.parse((error as ApiError).message).error;
      const info = details.find((each: { '@type': string }) => each['@type'].endsWith('google.rpc.RetryInfo'));
      return parseDuration(info.retryDelay);
    },
    expectStreamError: (error) => {
      assert.ok(error instanceof ApiError, `${error}`);
      assert.equal(error.status, 503);
    },
  };
};
