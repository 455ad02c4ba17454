import assert from 'node:assert/strict';
import type { FaultKind } from '@refrain/testkit';
import { type ChatResponse, Ollama } from 'ollama';
import type { OpenOracle, Said } from './oracle.ts';

const faults: Readonly<Record<FaultKind, [status: number, words: RegExp]>> = {
  rate_limited: [429, /too many requests/],
  daily_quota: [429, /too many requests/],
  spend_limit: [402, /payment required/],
  bad_key: [401, /unauthorized/],
  overloaded: [503, /server busy/],
  failed: [500, /llama runner/],
  invalid: [400, /invalid options/],
  model_missing: [404, /not found/],
  context_too_long: [400, /context length/],
};

function toSaid(parts: readonly ChatResponse[]): Said {
  const last = parts.at(-1);
  return {
    text: parts.map((each) => each.message.content).join(''),
    toolCalls: parts.flatMap((each) => each.message.tool_calls ?? []).map((call) => call.function),
    finish: last?.done_reason,
    usage: { prompt: last?.prompt_eval_count, completion: last?.eval_count },
    model: last?.model,
  };
}

/** The `ollama` package. */
export const openOllama: OpenOracle = (upstream) => {
  const client = new Ollama({ host: upstream.url });
  const ask = (content: string) => ({ model: 'some-model', messages: [{ role: 'user', content }] });
  return {
    whole: async (question) => toSaid([await client.chat(ask(question))]),
    stream: async (question, onText) => {
      const parts: ChatResponse[] = [];
      for await (const part of await client.chat({ ...ask(question), stream: true })) {
        if (part.message.content !== '') onText?.(part.message.content);
        parts.push(part);
      }
      return toSaid(parts);
    },
    finish: { stop: 'stop', length: 'length', content_filter: undefined, tools: 'stop' },
    expectFault: (kind, thrown) => {
      const [status, words] = faults[kind];
      // The package does not export its ResponseError.
      const error = thrown as Error & { status_code: number; error: string };
      assert.deepEqual([error.name, error.status_code], ['ResponseError', status]);
      assert.match(error.error, words);
    },
    toldToWait: () => undefined,
    expectStreamError: (error) => assert.match((error as Error).message, /an error was encountered/),
  };
};
