/**
 * Chroma is killed, frozen and brought back under a steady trickle of questions. Contract: it is an index that can be made again from
 * Redis; without it no request fails or waits, a small partition is still searched by meaning, and afterwards the index is whole again.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { StatsRequestSchema } from '@refrain/contracts';
import { openState } from '@refrain/state';
import { eventually, silentLog } from '@refrain/testkit';
import { startMesh, type TestMesh } from '../start-mesh.ts';
import { ask } from './ask.ts';
import { doors } from './outcome.ts';
import {
  answerRightly,
  assertHardlySlower,
  more,
  respelt,
  rightAnswer,
  sameMeaningOnly,
  startAsking,
  teach,
  wrongOnes,
} from './steady.ts';

const known = 'What is the capital of France?';
let mesh: TestMesh;
before(async () => {
  mesh = await startMesh({ extra: sameMeaningOnly });
  answerRightly(mesh);
  await eventually(semanticReady, { what: 'the semantic level', timeoutMs: 30_000 });
  await teach(mesh, known);
  await assertFoundByMeaning();
  await eventually(async () => (await vectorsInChroma()) > 0, { what: 'a filled collection' });
});
after(() => mesh.stop());

test('killed, and back with its data: no request fails or waits, meaning is found on, new answers are indexed again', async () => {
  const asking = startAsking(mesh, known);
  await more(asking, 20);
  const killedAt = performance.now();
  await mesh.chroma.kill();
  await assertFoundByMeaning();
  await more(asking, 60);
  const backAt = performance.now();
  await mesh.chroma.restart();
  await assertIndexComplete();
  assert.deepEqual(wrongOnes(await asking.stop()), []);
  assertHardlySlower(asking.ended, killedAt, backAt);
});

test('frozen: no request fails or waits, meaning is found on, and the thaw mends it', async (t) => {
  t.after(() => mesh.chroma.thaw());
  const asking = startAsking(mesh, known);
  await more(asking, 20);
  const frozenAt = performance.now();
  mesh.chroma.freeze();
  await assertFoundByMeaning();
  await more(asking, 80);
  const thawedAt = performance.now();
  mesh.chroma.thaw();
  await assertIndexComplete();
  assert.deepEqual(wrongOnes(await asking.stop()), []);
  assertHardlySlower(asking.ended, frozenAt, thawedAt);
});

test('back without its data: the index is filled again from Redis, without a new question upstream', async () => {
  const asking = startAsking(mesh, known);
  await more(asking, 10);
  await mesh.chroma.kill();
  await mesh.chroma.restart({ empty: true });
  await more(asking, 10);
  assert.deepEqual(wrongOnes(await asking.stop()), []);
  const calls = mesh.one.count;
  await assertIndexComplete();
  await assertFoundByMeaning();
  assert.equal(mesh.one.count, calls);
});

async function assertFoundByMeaning(): Promise<void> {
  for (const door of doors) {
    const { error, source, text } = await ask(mesh, door, respelt(known));
    assert.deepEqual([error, source, text], [undefined, 'semantic', rightAnswer(known)]);
  }
}

const stats = () => mesh.cacheClient.stats(create(StatsRequestSchema));
async function semanticReady(): Promise<boolean> {
  return (await stats()).semanticReady;
}

/** Chroma has a vector of every answer that Redis has under its meaning. */
async function assertIndexComplete(): Promise<void> {
  const isComplete = async () => {
    // A look by meaning opens the collection where it was lost.
    await ask(mesh, 'grpc', respelt(known));
    return (await vectorsInChroma()) >= (await answersInRedis());
  };
  await eventually(isComplete, { what: 'every stored answer in the index', timeoutMs: 20_000 });
}

async function vectorsInChroma(): Promise<number> {
  const collections = `${mesh.chroma.url}/api/v2/tenants/default_tenant/databases/default_database/collections`;
  let sum = 0;
  for (const { id, name } of (await get(collections)) as { id: string; name: string }[])
    if (!name.includes('canary')) sum += Number(await get(`${collections}/${id}/count`));
  return sum;
}

async function answersInRedis(): Promise<number> {
  const state = openState({ url: mesh.redis.url, name: 'test', log: silentLog });
  try {
    await eventually(() => state.ready, { what: 'redis' });
    let sum = 0;
    for await (const keys of state.scan('rf:1:c:*:s:*')) sum += keys.length;
    return sum;
  } finally {
    state.close();
  }
}

async function get(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  return response.json();
}
