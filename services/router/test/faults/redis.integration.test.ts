/** Contract: the cache never hurts. Redis is frozen, killed and brought back under a steady trickle of questions. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openState } from '@refrain/state';
import { eventually, silentLog, startFaultProxy } from '@refrain/testkit';
import { startMesh, type TestMesh } from '../start-mesh.ts';
import { ask } from './ask.ts';
import {
  answerRightly,
  assertHardlySlower,
  more,
  sameMeaningOnly,
  since,
  startAsking,
  teach,
  wrongOnes,
} from './steady.ts';

const known = 'What is the capital of France?';
const kept = 'Who wrote the Iliad?';
let mesh: TestMesh;
before(async () => {
  mesh = await startMesh({ extra: sameMeaningOnly });
  answerRightly(mesh);
});
after(() => mesh.stop());

const isExact = async () => (await ask(mesh, 'grpc', known)).source === 'exact';

test('a frozen Redis fails no request and slows hardly any; exact hits come back by themselves', async () => {
  await teach(mesh, known);
  const asking = startAsking(mesh, known);
  await more(asking, 20);
  const frozenAt = performance.now();
  mesh.redis.freeze();
  await more(asking, 80);
  const thawedAt = performance.now();
  mesh.redis.thaw();
  await eventually(isExact, { what: 'exact hits after the thaw' });
  await more(asking, 20);
  assert.deepEqual(wrongOnes(await asking.stop()), []);
  assertHardlySlower(asking.ended, frozenAt, thawedAt);
});

test('a killed Redis fails no request; back with its data, it is answered from again', async () => {
  await teach(mesh, known);
  await teach(mesh, kept);
  const asking = startAsking(mesh, known);
  await more(asking, 20);
  await saveToDisk(mesh.redis.url);
  const killedAt = performance.now();
  await mesh.redis.kill();
  await more(asking, 60);
  const whileAway = since(asking.ended, killedAt);
  assert.ok(whileAway.some(({ value }) => value.question === known && value.source === 'provider'));
  const backAt = performance.now();
  await mesh.redis.restart();
  await eventually(isExact, { what: 'exact hits after the restart' });
  assert.equal((await ask(mesh, 'http', kept)).source, 'exact', 'what was not asked meanwhile came back from the disk');
  await more(asking, 20);
  assert.deepEqual(wrongOnes(await asking.stop()), []);
  assertHardlySlower(asking.ended, killedAt, backAt);
});

test('a Redis that comes back empty is filled again by what is asked', async () => {
  await teach(mesh, known);
  await teach(mesh, kept);
  const asking = startAsking(mesh, known);
  await more(asking, 10);
  await mesh.redis.kill();
  await mesh.redis.restart({ empty: true });
  await eventually(isExact, { what: 'exact hits from an empty start' });
  assert.equal((await ask(mesh, 'http', kept)).source, 'provider', 'nothing else has come back');
  await teach(mesh, kept);
  assert.deepEqual(wrongOnes(await asking.stop()), []);
});

test('a Redis that takes two seconds to answer is no slower for anybody than one that is frozen', async (t) => {
  const proxy = await startFaultProxy(Number(new URL(mesh.redis.url).port));
  t.after(() => proxy.stop());
  await mesh.cache.stop();
  const port = (mesh.cache.ready.grpc ?? '').split(':')[1] ?? '';
  await mesh.start('cache', { CACHE_PORT: port, REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
  await teach(mesh, known);
  const asking = startAsking(mesh, known);
  await more(asking, 20);
  const slowAt = performance.now();
  proxy.latency(1000);
  await more(asking, 80);
  const mendedAt = performance.now();
  proxy.latency(0);
  await eventually(isExact, { what: 'exact hits' });
  await more(asking, 10);
  assert.deepEqual(wrongOnes(await asking.stop()), []);
  assertHardlySlower(asking.ended, slowAt, mendedAt);
});

async function saveToDisk(url: string): Promise<void> {
  const state = openState({ url, name: 'test', log: silentLog });
  await eventually(() => state.ready);
  await state.command('SAVE');
  state.close();
}
