import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Source } from '@refrain/contracts';
import { manualClock, startChroma, startRedis, type TestServer } from '@refrain/testkit';
import type { EmbedderProcess } from '../src/embedder/embedder-process.ts';
import { byMeaning, chatOf, type Rig, startEmbedder, startRig, summary } from './rig.ts';

const clock = manualClock(Date.now());
let redis: TestServer;
let chroma: TestServer;
let embedder: EmbedderProcess;
let rig: Rig;
before(async () => {
  [redis, chroma, embedder] = await Promise.all([startRedis(), startChroma(), startEmbedder()]);
  rig = await startRig({ redisUrl: redis.url, chromaUrl: chroma.url, embedder, nowMs: clock.now });
});
after(async () => {
  await rig.stop();
  await Promise.all([embedder.stop(), redis.stop(), chroma.stop()]);
});

test('an entry that was removed is found by nobody, and another tenant’s name for it removes nothing', async () => {
  const { entryId } = await rig.put('a', 'What is the capital of Norway?', 'Oslo.');
  await rig.indexed();
  const selector = { case: 'entryId' as const, value: entryId };
  assert.equal(await rig.remove('b', selector), 0);
  assert.equal(await rig.remove('a', selector, true), 1);
  assert.deepEqual(summary(await rig.get('a', 'What is the capital of Norway?')), ['Oslo.', Source.EXACT]);
  assert.equal(await rig.remove('a', selector), 1);
  assert.equal(summary(await rig.get('a', 'What is the capital of Norway?')), 'empty');
  assert.equal(summary(await rig.get('a', "What's the capital of Norway?", byMeaning)), 'empty');
  assert.equal(await rig.remove('a', selector), 0);
});

test('an entry named by a semantic hit is the one that is removed', async () => {
  await rig.put('a', 'What is the capital of Chile?', 'Santiago.');
  await rig.indexed();
  const { answer } = await rig.get('a', "What's the capital of Chile?", byMeaning);
  assert.equal(await rig.remove('a', { case: 'entryId', value: answer?.provenance?.entryId ?? '' }), 1);
  assert.equal(summary(await rig.get('a', 'What is the capital of Chile?')), 'empty');
});

test('a partition goes whole, also what is no longer found by meaning, and its neighbour stays', async () => {
  const pirate = (question: string) => chatOf(question, { model: 'pirate' });
  const { entryId } = await rig.put('p', 'How deep is Loch Ness?', '230 m.');
  clock.advance(1_900_000);
  await rig.put('p', 'How long is Loch Ness?', '36 km.');
  await rig.put('p', pirate('How deep is Loch Ness?'), 'Deep.');
  await rig.indexed();
  const selector = { case: 'partition' as const, value: entryId.split('.')[1] ?? '' };
  assert.equal(await rig.remove('p', selector, true), 2);
  assert.equal(await rig.remove('p', selector), 2);
  assert.equal(summary(await rig.get('p', 'How deep is Loch Ness?')), 'empty');
  assert.equal(summary(await rig.get('p', 'How long is Loch Ness?')), 'empty');
  assert.deepEqual(summary(await rig.get('p', pirate('How deep is Loch Ness?'))), ['Deep.', Source.EXACT]);
  await rig.put('p', 'How long is Loch Ness?', '36 km.');
  await rig.indexed();
  assert.deepEqual(summary(await rig.get('p', 'How long is the Loch Ness?', byMeaning)), ['36 km.', Source.SEMANTIC]);
});

test('a whole tenant goes without touching its neighbour', async () => {
  for (const tenant of ['gone', 'stays']) {
    await rig.put(tenant, 'How far is the moon?', '384,400 km.');
    await rig.put(tenant, chatOf('How far is the moon?', { model: 'fast' }), '384,400 km.');
  }
  const all = { case: 'all' as const, value: true };
  assert.equal(await rig.remove('gone', all, true), 2);
  assert.equal(await rig.remove('gone', all), 2);
  assert.equal(summary(await rig.get('gone', 'How far is the moon?')), 'empty');
  assert.deepEqual(summary(await rig.get('stays', 'How far is the moon?')), ['384,400 km.', Source.EXACT]);
});

test('while Redis is away a removal is an error, never a removal of nothing', async () => {
  const { entryId } = await rig.put('a', 'What is the capital of Peru?', 'Lima.');
  await redis.kill();
  const selectors = [
    { case: 'entryId' as const, value: entryId },
    { case: 'partition' as const, value: entryId.split('.')[1] ?? '' },
    { case: 'all' as const, value: true },
  ];
  for (const selector of selectors) await assert.rejects(rig.remove('a', selector), { code: 'unavailable' });
});
