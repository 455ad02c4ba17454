/** Ask once: what was asked before costs no second call. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { type Answer, CompleteRequestSchema, Role, type RouterService, Source } from '@refrain/contracts';
import type { GrpcClient } from '@refrain/rpc';
import { eventually } from '@refrain/testkit';
import { startMesh, type TestMesh } from './start-mesh.ts';

const ask = async (router: GrpcClient<typeof RouterService>, text: string): Promise<Answer> => {
  const parts = [{ content: { case: 'text' as const, value: text } }];
  const chat = { messages: [{ role: Role.USER, parts }] };
  const { answer } = await router.complete(create(CompleteRequestSchema, { chat }));
  assert.ok(answer);
  return answer;
};

describe('a mesh with its semantic level on', { timeout: 120_000 }, () => {
  let mesh: TestMesh;

  before(async () => {
    mesh = await startMesh();
    const url = (mesh.cache.ready.metrics ?? '').replace(/metrics$/, 'readyz');
    const embedder = async () => ((await (await fetch(url)).json()) as { parts: { embedder: string } }).parts.embedder;
    await eventually(async () => (await embedder()) === 'up', { timeoutMs: 60_000, what: 'the model' });
  });
  after(() => mesh?.stop());

  it('makes two calls of four requests: a todo app, the same again, a todo list, the first again', async () => {
    const { count } = mesh.one;
    const sources: (Source | undefined)[] = [];
    for (const text of ['Create todo app', 'Create todo app', 'Build todo list', 'Create todo app']) {
      mesh.one.otherwise({ text: `An answer to ${text}.` });
      const { text: answer, provenance } = await ask(mesh.client, text);
      assert.equal(answer, `An answer to ${text}.`);
      sources.push(provenance?.source);
    }
    assert.equal(mesh.one.count - count, 2);
    assert.deepEqual([sources[0], sources[2]], [Source.PROVIDER, Source.PROVIDER]);
  });
});
