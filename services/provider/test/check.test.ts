/** Checks of a key: what every adapter asks for, and what it makes of the reply. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RefrainError } from '@refrain/errors';
import { Secret } from '@refrain/service';
import { startUpstream } from '@refrain/testkit';
import { createUpstreamClient } from '../src/upstream/http.ts';
import { adapterFor } from './ask.ts';

for (const kind of ['openai', 'claude', 'gemini'] as const) {
  test(`${kind}: a key is checked without asking a question; what the reply says against it is classified as ever`, async (t) => {
    const upstream = await startUpstream(kind);
    t.after(() => upstream.stop());
    const client = createUpstreamClient();
    t.after(() => client.close());
    const adapter = adapterFor(kind, upstream, client.fetch);
    const check = async (): Promise<string> => {
      const { signal } = new AbortController();
      try {
        await adapter.check?.({ fetch: client.fetch, signal, key: new Secret('sk-checked-key-1') });
        return 'fine';
      } catch (error) {
        return (error as RefrainError).reason;
      }
    };
    const sent: string[] = [];
    upstream.refuseLists((headers) => {
      sent.push(JSON.stringify(headers));
      return undefined;
    });
    assert.equal(await check(), 'fine');
    assert.match(sent.join(), /sk-checked-key-1/);
    for (const [fault, reason] of [
      ['bad_key', 'KEY_REJECTED'],
      ['spend_limit', 'SPEND_LIMIT'],
      ['rate_limited', 'RATE_LIMITED'],
      ['failed', 'UPSTREAM_FAILED'],
      // A server without such a page has said nothing against the key.
      ['model_missing', 'fine'],
    ] as const) {
      upstream.refuseLists(() => ({ kind: fault }));
      assert.equal(await check(), reason, fault);
    }
    assert.equal(upstream.count, 0);
  });
}

test('a local server has no keys to check', async (t) => {
  const upstream = await startUpstream('ollama');
  t.after(() => upstream.stop());
  const client = createUpstreamClient();
  t.after(() => client.close());
  const adapter = adapterFor('ollama', upstream, client.fetch);
  t.after(() => adapter.close());
  assert.equal(adapter.check, undefined);
});
