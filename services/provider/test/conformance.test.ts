/** One set of promises that all four adapters keep, each against a server that speaks as its provider documents. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { FinishReason } from '@refrain/contracts';
import {
  eventually,
  type FaultKind,
  type Reply,
  type ScriptedUpstream,
  startUpstream,
  type UpstreamKind,
} from '@refrain/testkit';
import type { Adapter } from '../src/adapters/adapter.ts';
import { createUpstreamClient, type UpstreamClient } from '../src/upstream/http.ts';
import { adapterFor, ask } from './ask.ts';
import { chatOf } from './chats.ts';

const kinds: readonly UpstreamKind[] = ['openai', 'claude', 'gemini', 'ollama'];
/** What Ollama's documents do not offer. */
const without = {
  cached: new Set<UpstreamKind>(['ollama']),
  filter: new Set<UpstreamKind>(['ollama']),
  told: new Set<UpstreamKind>(['ollama']),
};

const faults: readonly [FaultKind, code: string, reason: string][] = [
  ['rate_limited', 'upstream_exhausted', 'RATE_LIMITED'],
  ['spend_limit', 'upstream_denied', 'SPEND_LIMIT'],
  ['bad_key', 'upstream_denied', 'KEY_REJECTED'],
  ['overloaded', 'overloaded', 'UPSTREAM_OVERLOADED'],
  ['failed', 'unavailable', 'UPSTREAM_FAILED'],
  ['invalid', 'invalid', 'UPSTREAM_REJECTED'],
  ['model_missing', 'unavailable', 'MODEL_MISSING'],
  ['context_too_long', 'invalid', 'CONTEXT_TOO_LONG'],
];

const broken: readonly [what: string, reply: Reply, code: string][] = [
  ['a connection cut before the first token', { cut: 'first_token' }, 'unavailable'],
  ['a connection cut in the middle', { cut: 'middle' }, 'unavailable'],
  ['a body that ends without the stream’s own end', { missingEnd: true }, 'upstream'],
  ['an HTML page with status 200', { nonsense: 'html' }, 'upstream'],
  ['a chunk that is no JSON', { nonsense: 'json' }, 'upstream'],
];

for (const kind of kinds) {
  describe(`the adapter for ${kind}`, () => {
    let upstream: ScriptedUpstream;
    let client: UpstreamClient;
    let adapter: Adapter;
    const listen = (reply: Reply, chat = chatOf('Hello?'), signal?: AbortSignal) => {
      upstream.script(reply);
      return ask(adapter, { chat, fetch: client.fetch, ...(signal && { signal }) });
    };

    before(async () => {
      upstream = await startUpstream(kind, { models: ['some-model'] });
      client = createUpstreamClient();
      adapter = adapterFor(kind, upstream, client.fetch);
    });
    after(async () => {
      await adapter.close();
      client.close();
      await upstream.stop();
    });

    it('gives the text as it comes, the usage, the finish reason and the model', async () => {
      const heard = await listen({
        text: 'One two three.',
        chunks: 3,
        usage: { prompt: 11, completion: 5 },
        paceMs: 20,
      });
      assert.equal(heard.error, undefined);
      assert.equal(heard.text, 'One two three.');
      assert.ok(heard.deltas > 1, 'not only at the end');
      assert.equal(heard.usage.promptTokens, 11);
      assert.equal(heard.usage.completionTokens, 5);
      assert.equal(heard.finish, FinishReason.STOP);
      assert.equal(heard.model, 'some-model');
    });

    it('keeps every character whole, wherever the network cuts the bytes', async () => {
      const text = 'Grüße, 世界! 👩‍👩‍👧 “quoted”\n\n\tend';
      for (const splitBytes of [1, 3, 7]) assert.equal((await listen({ text, splitBytes })).text, text);
    });

    it('counts cached and reasoning tokens', { skip: without.cached.has(kind) }, async () => {
      const heard = await listen({ usage: { prompt: 100, completion: 50, cached: 60, reasoning: 30 } });
      assert.deepEqual(heard.usage, {
        promptTokens: 100,
        completionTokens: 50,
        cachedPromptTokens: 60,
        reasoningTokens: 30,
      });
    });

    it('says so when the answer was cut by the limit of tokens', async () => {
      assert.equal((await listen({ finish: 'length' })).finish, FinishReason.LENGTH);
    });

    it('says so when the provider’s filter ended the answer', { skip: without.filter.has(kind) }, async () => {
      assert.equal((await listen({ finish: 'content_filter' })).finish, FinishReason.CONTENT_FILTER);
    });

    it('puts tool calls together, several in one answer', async () => {
      const toolCalls = [
        { id: 'call_a', name: 'weather', arguments: { city: 'Köln', days: 3 } },
        { id: 'call_b', name: 'time', arguments: { zone: 'CET' } },
      ];
      const heard = await listen({ toolCalls });
      assert.equal(heard.finish, FinishReason.TOOL_CALLS);
      assert.deepEqual(
        heard.toolCalls.map((call) => [call.name, JSON.parse(call.arguments)]),
        toolCalls.map((call) => [call.name, call.arguments]),
      );
      assert.ok(heard.toolCalls.every((call) => call.id !== ''));
    });

    it('does not mix thoughts into the text', async () => {
      assert.equal((await listen({ thinking: 'Let me see.', text: 'Done.' })).text, 'Done.');
    });

    for (const [fault, code, reason] of faults) {
      it(`calls ${fault} what it is`, async () => {
        const { error } = await listen({ fault: { kind: fault } });
        assert.deepEqual([error?.code, error?.reason], [code, reason]);
        assert.ok(!`${error?.message}`.includes('sk-test'), 'no key in the message');
      });
    }

    it('passes on exactly how long the provider asks to wait', { skip: without.told.has(kind) }, async () => {
      const { error } = await listen({ fault: { kind: 'rate_limited', retryAfterMs: 46_000 } });
      assert.equal(error?.retryAfterMs, 46_000);
    });

    it('finds an error inside a stream with status 200, before and after the first token', async () => {
      for (const errorEvent of ['first_token', 'middle'] as const) {
        const heard = await listen({ errorEvent, paceMs: 20 });
        assert.ok(['overloaded', 'unavailable'].includes(heard.error?.code ?? ''), heard.error?.code);
        assert.equal(heard.text === '', errorEvent === 'first_token');
      }
    });

    for (const [what, reply, code] of broken) {
      it(`takes ${what} for a failure, not for an answer`, async () => {
        const heard = await listen(reply);
        assert.equal(heard.error?.code, code);
        assert.equal(heard.finish, undefined);
      });
    }

    it('closes the connection at once when the caller leaves', async () => {
      const abort = new AbortController();
      const reason = new Error('left');
      const listening = listen({ hang: 'middle' }, chatOf('Hello?'), abort.signal);
      await eventually(() => upstream.calls.at(-1)?.finishedAtMs === undefined && upstream.calls.at(-1) !== undefined);
      abort.abort(reason);
      const leftAt = performance.now();
      assert.equal((await listening).error, reason);
      await eventually(() => upstream.calls.at(-1)?.abortedAtMs !== undefined, { what: 'the upstream to see it' });
      assert.ok((upstream.calls.at(-1)?.abortedAtMs ?? 0) - leftAt < 500);
    });

    it('uses its connections again', async () => {
      const replies: Reply[] = [{}, { chunks: 2, paceMs: 1 }, { missingEnd: true }, { fault: { kind: 'failed' } }];
      for (let i = 0; i < 20; i += 1) await listen(replies[i % replies.length] ?? {});
      const ports = upstream.calls.slice(-20).map((call) => call.remotePort);
      assert.ok(new Set(ports).size <= 2, `${new Set(ports).size} connections for 20 questions`);
    });
  });
}
