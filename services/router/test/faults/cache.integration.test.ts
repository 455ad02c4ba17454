/** Contract: the cache never hurts. The cache service and its embedder are killed and come back under a steady trickle of questions. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { StatsRequestSchema } from '@refrain/contracts';
import { childPids, eventually, isRunning, type ServiceProcess } from '@refrain/testkit';
import { startMesh, type TestMesh } from '../start-mesh.ts';
import { ask } from './ask.ts';
import {
  answerRightly,
  assertHardlySlower,
  freshQuestion,
  more,
  respelt,
  rightAnswer,
  sameMeaningOnly,
  since,
  startAsking,
  teach,
  wrongOnes,
} from './steady.ts';

const known = 'What is the capital of France?';
let mesh: TestMesh;
let cache: ServiceProcess;
before(async () => {
  mesh = await startMesh({ extra: sameMeaningOnly });
  cache = mesh.cache;
  answerRightly(mesh);
  await eventually(semanticReady, { what: 'the semantic level', timeoutMs: 30_000 });
  await teach(mesh, known);
});
after(() => mesh.stop());

test('two thousand questions at once that the cache knows are answered from it, not asked upstream', async () => {
  const questions = Array.from({ length: 100 }, freshQuestion);
  for (const question of questions) await teach(mesh, question);
  const calls = mesh.one.count;
  const burst = Array.from({ length: 2000 }, (_, i) => questions[i % questions.length] ?? known);
  const outcomes = await Promise.all(burst.map((question) => ask(mesh, 'grpc', question)));
  assert.deepEqual(
    outcomes.filter(({ question, text }) => text !== rightAnswer(question)),
    [],
  );
  const exact = outcomes.filter(({ source }) => source === 'exact').length;
  assert.ok(exact > 1900, `${exact} of 2000`);
  assert.ok(mesh.one.count - calls < 100);
});

test('a killed embedder fails no request; exact answers go on, and meaning is found again by itself', async () => {
  const [first = 0] = await childPids(cache.pid);
  assert.ok(isRunning(first));
  await assertHarmless(
    () => process.kill(first, 'SIGKILL'),
    () => undefined,
  );
  assert.deepEqual((await childPids(cache.pid)).includes(first), false);
});

test('a hanging embedder makes a few questions wait, and then none; it is used again as soon as it answers', async (t) => {
  const [child = 0] = await childPids(cache.pid);
  t.after(() => process.kill(child, 'SIGCONT'));
  await assertHarmless(
    () => process.kill(child, 'SIGSTOP'),
    () => process.kill(child, 'SIGCONT'),
  );
});

test('a killed cache fails no request; started again, it is found and answers from what Redis kept', async () => {
  const children = await childPids(cache.pid);
  await assertHarmless(
    () => cache.kill(),
    async () => {
      cache = await mesh.start('cache', { CACHE_PORT: (mesh.cache.ready.grpc ?? '').split(':')[1] ?? '' });
    },
    ({ source, question }) => question !== known || source !== 'exact',
  );
  await eventually(() => !children.some(isRunning), { what: 'the embedder of the killed cache to end' });
});

/** Breaks something, mends it after a while, and judges all that was asked before, meanwhile and afterwards. */
async function assertHarmless(
  breakIt: () => unknown,
  mendIt: () => unknown,
  whileBroken: (outcome: { source: string; question: string }) => boolean = () => true,
): Promise<void> {
  const asking = startAsking(mesh, known);
  await more(asking, 20);
  const brokenAt = performance.now();
  await breakIt();
  const goneAt = performance.now();
  await more(asking, 60);
  const meanwhile = since(asking.ended, goneAt);
  const mendedAt = performance.now();
  await mendIt();
  await eventually(async () => (await ask(mesh, 'http', known)).source === 'exact', { what: 'exact hits' });
  await eventually(isFoundByMeaning, { what: 'answers by meaning', timeoutMs: 20_000 });
  await more(asking, 10);
  assert.deepEqual(wrongOnes(await asking.stop()), []);
  assertHardlySlower(asking.ended, brokenAt, mendedAt);
  assert.ok(meanwhile.every(({ value }) => whileBroken(value)));
}

async function isFoundByMeaning(): Promise<boolean> {
  return (await ask(mesh, 'grpc', respelt(known))).source === 'semantic';
}

async function semanticReady(): Promise<boolean> {
  return (await mesh.cacheClient.stats(create(StatsRequestSchema))).semanticReady;
}
