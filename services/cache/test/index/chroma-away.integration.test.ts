import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { Source } from '@refrain/contracts';
import { eventually } from '@refrain/testkit';
import { ChromaClient } from 'chromadb';
import { RedisExactStore } from '../../src/entries/exact-store.ts';
import type { Partition } from '../../src/entries/partition.ts';
import { byMeaning, chatOf, type Rig, startParts, summary } from '../rig.ts';

const parts = await startParts();
const { chroma, embedder } = parts;
/** Nothing is kept in process, so that all depends on Chroma. */
const start = (yaml = 'cache: { semantic: { hotVectors: 0 } }\n') => parts.start({ yaml });
const rig = await start();
afterEach(() => chroma.thaw());

const places = ['Italy', 'Poland', 'Greece', 'Turkey', 'Egypt', 'Kenya', 'Chile', 'Cuba'];
const asked = (place: string) => `What is the capital of ${place}?`;
const again = (place: string) => `What's the capital of ${place}?`;

/** Stores an answer for each place and gives the partition they are in. */
async function fillTenant(tenant: string, to: Rig = rig): Promise<Partition> {
  let key = '';
  for (const place of places) {
    const { entryId } = await to.put(tenant, asked(place), place);
    key = entryId.split('.')[1] ?? '';
  }
  await to.indexed();
  return { tenant, key };
}

/** What the index itself says is nearest; undefined where it cannot say. */
async function nearest(partition: Partition, text: string, from: Rig = rig): Promise<string[] | undefined> {
  return from.chroma.query(partition, await embedder.embed(text), 3, places.length);
}

async function collectionOf({ key }: Partition) {
  const { hostname, port } = new URL(chroma.url);
  const client = new ChromaClient({ host: hostname, port: Number(port), ssl: false });
  const all = await client.listCollections({ limit: 1000 });
  const found = all.find(({ name }) => name.endsWith(key));
  assert.ok(found, 'the partition has a collection');
  return found;
}

test('the index itself finds the nearest entry', async () => {
  const partition = await fillTenant('a');
  const ids = await nearest(partition, again('Greece'));
  const { answer } = await rig.get('a', again('Greece'), byMeaning);
  assert.equal(ids?.length, 3);
  assert.equal(answer?.provenance?.entryId, `${ids?.[0]}.${partition.key}`);
});

test('an entry can be found by the index from the moment it is stored', async () => {
  await fillTenant('fresh');
  await rig.put('fresh', asked('Nepal'), 'Kathmandu.');
  assert.deepEqual(summary(await rig.get('fresh', again('Nepal'), byMeaning)), ['Kathmandu.', Source.SEMANTIC]);
});

test('ids of others and of nobody, put first by the index, are dropped by the check against Redis', async () => {
  const partition = await fillTenant('foreign');
  const { entryId } = await rig.put('neighbour', 'Where is the secret?', 'Under the mat.');
  await rig.indexed();
  const foreign = entryId.split('.')[0] ?? '';
  const collection = await collectionOf(partition);
  const poisoned = Array.from(await embedder.embed('Where is the secret ?'));
  const ids = [foreign, 'f'.repeat(32), '../../x', '*'];
  await collection.upsert({ ids, embeddings: ids.map(() => poisoned) });
  const { answer } = await rig.get('foreign', 'Where is the secret ?', byMeaning);
  assert.equal(answer, undefined);
  assert.deepEqual(summary(await rig.get('foreign', again('Cuba'), byMeaning)), ['Cuba', Source.SEMANTIC]);
});

test('a cache that is started again finds its collections, without a write', async () => {
  const partition = await fillTenant('again');
  const second = await start();
  try {
    assert.deepEqual(summary(await second.get('again', again('Kenya'), byMeaning)), ['Kenya', Source.SEMANTIC]);
    await second.indexed();
    assert.equal((await nearest(partition, again('Kenya'), second))?.length, 3);
  } finally {
    await second.stop();
  }
});

test('a collection that has kept too much and lost some is made equal to Redis when it is opened', async () => {
  const partition = await fillTenant('unequal');
  const collection = await collectionOf(partition);
  const before = (await collection.get({ include: [] })).ids;
  await collection.delete({ ids: before.slice(0, 5) });
  const stale = Array.from({ length: 20 }, (_, i) => `${i}`.padStart(32, '0'));
  const vector = Array.from(await embedder.embed(again('Egypt')));
  await collection.upsert({ ids: stale, embeddings: stale.map(() => vector) });
  const second = await start();
  try {
    await second.get('unequal', again('Egypt'), byMeaning);
    await second.indexed();
    assert.deepEqual((await collection.get({ include: [] })).ids.sort(), before.sort());
  } finally {
    await second.stop();
  }
});

test('two caches on one Chroma see each other’s entries, and no removed ones', async () => {
  const second = await start();
  try {
    await fillTenant('two');
    const { entryId } = await second.put('two', asked('Japan'), 'Tokyo.');
    await second.indexed();
    assert.deepEqual(summary(await rig.get('two', again('Japan'), byMeaning)), ['Tokyo.', Source.SEMANTIC]);
    await rig.remove('two', { case: 'entryId', value: entryId });
    assert.equal(summary(await second.get('two', again('Japan'), byMeaning)), 'below_threshold');
    await rig.remove('two', { case: 'all', value: true });
    await rig.indexed();
    assert.equal(summary(await second.get('two', again('Cuba'), byMeaning)), 'empty');
    await second.put('two', asked('Cuba'), 'Havana.');
    await second.indexed();
    await eventually(async () => summary(await second.get('two', again('Cuba'), byMeaning))[0] === 'Havana.');
  } finally {
    await second.stop();
  }
});

test('a frozen Chroma costs a lookup its deadline a few times, then nothing, and small partitions answer all the while', async () => {
  await fillTenant('frozen');
  chroma.freeze();
  const times: number[] = [];
  for (let i = 0; i < 6; i += 1) {
    const start = performance.now();
    assert.deepEqual(summary(await rig.get('frozen', again('Italy'), byMeaning)), ['Italy', Source.SEMANTIC]);
    times.push(performance.now() - start);
  }
  assert.ok(
    times.every((each) => each < 400),
    times.join(' '),
  );
  assert.ok(
    times.slice(3).every((each) => each < 100),
    times.join(' '),
  );
  await rig.put('frozen', asked('Ghana'), 'Accra.');
  assert.deepEqual(summary(await rig.get('frozen', again('Ghana'), byMeaning)), ['Accra.', Source.SEMANTIC]);
  await eventually(() => !rig.index.ready);
  chroma.thaw();
  await eventually(() => rig.index.ready);
});

test('when Chroma is back with its data, what was stored meanwhile is in the index too', async () => {
  const partition = await fillTenant('back');
  await chroma.kill();
  await eventually(() => !rig.index.ready);
  const { entryId } = await rig.put('back', asked('Ghana'), 'Accra.');
  assert.deepEqual(summary(await rig.get('back', again('Ghana'), byMeaning)), ['Accra.', Source.SEMANTIC]);
  await chroma.restart();
  await eventually(() => rig.index.ready);
  await rig.get('back', again('Ghana'), byMeaning);
  await rig.indexed();
  assert.equal((await nearest(partition, again('Ghana')))?.[0], entryId.split('.')[0]);
});

test('when Chroma is back empty, it is filled again from Redis', async () => {
  const partition = await fillTenant('empty');
  await chroma.kill();
  await chroma.restart({ empty: true });
  await eventually(async () => {
    await rig.get('empty', again('Turkey'), byMeaning);
    return (await nearest(partition, again('Turkey')))?.length === 3;
  });
  assert.deepEqual(summary(await rig.get('empty', again('Turkey'), byMeaning)), ['Turkey', Source.SEMANTIC]);
  assert.equal(await collectionOf(partition).then((each) => each.count()), places.length);
});

test('no collection is made beyond the maximum; the partition is compared in process', async () => {
  const partition = await fillTenant('full');
  const { hostname, port } = new URL(chroma.url);
  const client = new ChromaClient({ host: hostname, port: Number(port), ssl: false });
  const count = async () =>
    (await client.listCollections({ limit: 1000 })).filter(({ name }) => name.startsWith('refrain-')).length;
  const before = await count();
  assert.ok(before > 1);
  const small = await start('cache: { semantic: { maximumCollections: 2, hotVectors: 0 } }\n');
  try {
    for (let i = 0; i < 3; i += 1) await small.put('full', chatOf(asked('Peru'), { model: `m${i}` }), `Lima ${i}.`);
    await small.indexed();
    for (let i = 0; i < 3; i += 1) {
      const chat = chatOf(again('Peru'), { model: `m${i}` });
      assert.deepEqual(summary(await small.get('full', chat, byMeaning)), [`Lima ${i}.`, Source.SEMANTIC]);
    }
    await small.indexed();
    assert.ok((await count()) <= before);
    assert.ok(await collectionOf(partition));
  } finally {
    await small.stop();
  }
});

test('a partition too large to be compared in process is served by the index after a restart', async () => {
  const partition = await fillTenant('large');
  const many = 1500;
  const exact = new RedisExactStore(rig.state, rig.keys);
  const createdAtMs = Date.now();
  const until = createdAtMs + 600_000;
  const life = { createdAtMs, expiresAtMs: until, revalidateUntilMs: until, keptUntilMs: until };
  for (let i = 0; i < many; i += 1) {
    const vector = Float32Array.from({ length: 384 }, (_, at) => Math.sin(i * 7.31 + at * at * 0.37));
    const norm = Math.hypot(...vector);
    const id = `${i}`.padStart(32, '0');
    const names = { tenant: 'large', id, partition: partition.key, tags: [], model: 'p/m' };
    const kept = { ...names, hit: new Uint8Array(), rank: 3, askedAtMs: Number.MAX_SAFE_INTEGER };
    const unit = vector.map((each) => each / norm);
    await exact.set(kept, life);
    await rig.near.set(kept, { question: `q${i}`, vector: unit, life });
  }
  const second = await start();
  try {
    assert.equal(summary(await second.get('large', again('Kenya'), byMeaning)), 'index_not_ready');
    await eventually(async () => (await second.get('large', again('Kenya'), byMeaning)).answer !== undefined);
    await second.indexed();
    assert.equal(await (await collectionOf(partition)).count(), many + places.length);
    assert.deepEqual(summary(await second.get('large', again('Chile'), byMeaning)), ['Chile', Source.SEMANTIC]);
  } finally {
    await second.stop();
  }
});
