/** Rebuilding the index: what is stored and asked meanwhile, who may, and what is left when it breaks off. */
import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { RebuildRequestSchema, type RebuildResponse, Source } from '@refrain/contracts';
import { openState } from '@refrain/state';
import { eventually, silentLog } from '@refrain/testkit';
import { ChromaClient } from 'chromadb';
import { nearest } from '../../src/embedder/vector.ts';
import { RedisExactStore } from '../../src/entries/exact-store.ts';
import { RedisNearStore } from '../../src/entries/near-store.ts';
import type { Partition } from '../../src/entries/partition.ts';
import { byMeaning, type Rig, startParts, summary } from '../rig.ts';

const parts = await startParts();
const { redis, chroma, embedder } = parts;
/** Nothing is kept in process, so that all depends on Chroma. */
const start = () => parts.start({ yaml: 'cache: { semantic: { hotVectors: 0 } }\n' });
const { hostname, port } = new URL(chroma.url);
const client = new ChromaClient({ host: hostname, port: Number(port), ssl: false });
const rig = await start();
/** As patient as a test on a busy machine has to be. */
const patient = openState({ url: redis.url, name: 'patient', log: silentLog, timeoutMs: 10_000 });
const near = new RedisNearStore(patient, rig.keys);
await eventually(() => patient.ready);
after(() => patient.close());
afterEach(() => chroma.thaw());

const places = ['Italy', 'Poland', 'Greece', 'Turkey', 'Egypt', 'Kenya', 'Chile', 'Cuba'];
const asked = (place: string) => `What is the capital of ${place}?`;
const again = (place: string) => `What's the capital of ${place}?`;

async function fillTenant(tenant: string, many = 0): Promise<Partition> {
  let key = '';
  for (const place of places) key = (await rig.put(tenant, asked(place), place)).entryId.split('.')[1] ?? '';
  const partition = { tenant, key };
  await addNoise(partition, many);
  await rig.get(tenant, again('Cuba'), byMeaning);
  await rig.indexed();
  return partition;
}

/** Entries whose vectors lie around those of the places, nearer to none of the questions than these; straight into Redis. */
async function addNoise({ tenant, key }: Partition, many: number): Promise<void> {
  let seed = 7;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const centres = await Promise.all(places.map((place) => embedder.embed(asked(place))));
  const exact = new RedisExactStore(patient, rig.keys);
  const createdAtMs = Date.now();
  const until = createdAtMs + 600_000;
  const life = { createdAtMs, expiresAtMs: until, revalidateUntilMs: until, keptUntilMs: until };
  for (let i = 0; i < many; i += 1) {
    const centre = centres[i % centres.length] ?? new Float32Array();
    const numbers = centre.map((each) => each / 2 + (random() - 0.5) / 6);
    const norm = Math.hypot(...numbers);
    const id = `${i}`.padStart(32, '0');
    const names = { tenant, id, partition: key, tags: [], model: 'p/m' };
    const kept = { ...names, hit: new Uint8Array(), rank: 3, askedAtMs: Number.MAX_SAFE_INTEGER };
    await exact.set(kept, life);
    await near.set(kept, { question: `q${i}`, vector: numbers.map((each) => each / norm), life });
  }
}

const namesOf = async ({ key }: Partition) =>
  (await client.listCollections({ limit: 1000 })).map(({ name }) => name).filter((name) => name.endsWith(key));

/** A part that was late is a miss, and says nothing about the index: then it is asked again. */
const isLate = (found: ReturnType<typeof summary>) =>
  typeof found === 'string' && /^(redis|chroma|embedder)_(down|slow|busy)$|^deadline$/.test(found);

/** Asks until there is an answer. */
async function insist<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const heard: T[] = [];
  await eventually(async () => {
    const reply = await ask();
    if (reply !== undefined) heard.push(reply);
    return heard.length > 0;
  });
  return heard[0] as T;
}

/** What a question about a place is answered. */
async function answer(tenant: string, place: string, from: Rig = rig): Promise<ReturnType<typeof summary>> {
  return insist(async () => {
    const found = summary(await from.get(tenant, again(place), byMeaning));
    return isLate(found) ? undefined : found;
  });
}

async function rebuild(tenant: string, on: Rig = rig): Promise<RebuildResponse[]> {
  const all: RebuildResponse[] = [];
  for await (const each of on.client.rebuild(create(RebuildRequestSchema, { tenant }))) all.push(each);
  return all;
}

/** Chroma's answers are those of a full comparison with what Redis has. */
async function assertWhole(partition: Partition, from: Rig = rig): Promise<void> {
  const all = await near.vectors(partition, await near.ids(partition));
  const [name] = await namesOf(partition);
  const collection = await client.getCollection({ name: name ?? '' });
  assert.deepEqual((await collection.get({ include: [] })).ids.sort(), all.map(({ id }) => id).sort());
  for (const place of places) {
    const vector = await embedder.embed(again(place));
    const ids = await insist(() => from.chroma.query(partition, vector, 3, all.length).catch(() => undefined));
    assert.deepEqual(ids, nearest(vector, all, 3));
  }
}

test('a rebuild replaces a collection that was spoiled by a whole one, and tells how far it is', async () => {
  const partition = await fillTenant('spoiled');
  const other = await fillTenant('other');
  const [name = ''] = await namesOf(partition);
  const collection = await client.getCollection({ name });
  await collection.delete({ ids: (await collection.get({ include: [] })).ids.slice(0, 6) });
  const progress = await rebuild('spoiled');
  assert.deepEqual(
    progress.map(({ done, total, partition: key }) => [done, total, key]),
    [
      [0n, 8n, partition.key],
      [8n, 8n, partition.key],
      [8n, 8n, ''],
    ],
  );
  const names = await namesOf(partition);
  assert.equal(names.length, 1);
  assert.notEqual(names[0], name);
  await assertWhole(partition);
  assert.match((await namesOf(other))[0] ?? '', /-g1-/, 'another tenant’s is left alone');
  for (const place of places) assert.deepEqual(await answer('spoiled', place), [place, Source.SEMANTIC]);
});

test('what is stored and removed while it runs is in the new generation, or not; every question is answered all the while', async () => {
  const partition = await fillTenant('busy', 1050);
  await eventually(async () => typeof (await answer('busy', 'Cuba')) !== 'string');
  await rig.indexed();
  const { entryId } = await rig.put('busy', asked('Nepal'), 'Kathmandu.');
  const added = ['Ghana', 'Japan', 'Spain', 'Peru'];
  let turns = 0;
  for await (const { done } of rig.client.rebuild(create(RebuildRequestSchema, { tenant: 'busy' }))) {
    const place = places[turns % places.length] ?? '';
    assert.deepEqual(await answer('busy', place), [place, Source.SEMANTIC]);
    const fresh = added[turns];
    if (fresh) await rig.put('busy', asked(fresh), fresh);
    if (turns === 1) await rig.remove('busy', { case: 'entryId', value: entryId });
    if (done > 0n) turns += 1;
  }
  assert.ok(turns > added.length, 'it went on beside what was stored');
  await rig.indexed();
  await assertWhole(partition);
  for (const place of [...places, ...added]) assert.deepEqual(await answer('busy', place), [place, Source.SEMANTIC]);
  assert.equal(typeof (await answer('busy', 'Nepal')), 'string');
});

test('the generation that counts is found by other caches and after a restart; what they write meanwhile is not lost', async () => {
  const partition = await fillTenant('others');
  const second = await start();
  try {
    assert.deepEqual(await answer('others', 'Kenya', second), ['Kenya', Source.SEMANTIC]);
    await second.indexed();
    await rebuild('others');
    await second.put('others', asked('Spain'), 'Madrid.');
    await second.indexed();
    assert.deepEqual(await answer('others', 'Spain'), ['Madrid.', Source.SEMANTIC]);
    await eventually(async () => {
      await second.get('others', again('Spain'), byMeaning);
      await second.indexed();
      const [name = '', ...more] = await namesOf(partition);
      assert.deepEqual(more, []);
      assert.match(name, /-g2-/);
      return (await (await client.getCollection({ name })).count()) === places.length + 1;
    });
    await assertWhole(partition, second);
  } finally {
    await second.stop();
  }
  const third = await start();
  try {
    await third.get('others', again('Kenya'), byMeaning);
    await third.indexed();
    await assertWhole(partition, third);
    assert.match((await namesOf(partition))[0] ?? '', /-g2-/);
  } finally {
    await third.stop();
  }
});

test('a second rebuild is refused while one is under way, by another cache too, and may run afterwards', async () => {
  await fillTenant('twice', 600);
  const second = await start();
  try {
    for await (const { done } of rig.client.rebuild(create(RebuildRequestSchema))) {
      if (done > 0n) continue;
      await assert.rejects(rebuild('twice'), { code: 'overloaded', reason: 'REBUILD_UNDER_WAY' });
      await assert.rejects(rebuild('', second), { reason: 'REBUILD_UNDER_WAY' });
    }
    assert.equal((await rebuild('twice', second)).at(-1)?.done, 608n);
  } finally {
    await second.stop();
  }
});

test('a rebuild whose caller leaves, or under which Chroma dies, leaves the old generation as it was, and the next one may run', async () => {
  const partition = await fillTenant('broken', 600);
  const [name = ''] = await namesOf(partition);
  for await (const { done } of rig.client.rebuild(create(RebuildRequestSchema, { tenant: 'broken' }))) {
    if (done > 0n) break;
  }
  await eventually(async () => (await namesOf(partition)).join() === name);
  await assert.rejects(
    (async () => {
      for await (const { done } of rig.client.rebuild(create(RebuildRequestSchema, { tenant: 'broken' }))) {
        if (done > 0n) await chroma.kill();
      }
    })(),
    { code: 'unavailable' },
  );
  await chroma.restart();
  await eventually(() => rig.index.ready, { timeoutMs: 10_000 });
  await rig.get('broken', again('Cuba'), byMeaning);
  await rig.indexed();
  assert.deepEqual(await answer('broken', 'Kenya'), ['Kenya', Source.SEMANTIC]);
  assert.ok((await namesOf(partition)).includes(name));
  await rebuild('broken');
  await eventually(async () => (await namesOf(partition)).length === 1);
  await assertWhole(partition);
});

test('a flushed Redis leaves no generation to count: what is stored afterwards is found, nothing else', async () => {
  const partition = await fillTenant('flushed');
  await rebuild('flushed');
  await patient.command('FLUSHALL');
  for (const place of places) assert.equal(typeof (await answer('flushed', place)), 'string');
  await rig.put('flushed', asked('Cuba'), 'Havana.');
  await eventually(async () => {
    assert.deepEqual(await answer('flushed', 'Cuba'), ['Havana.', Source.SEMANTIC]);
    await rig.indexed();
    return (await namesOf(partition)).some((name) => name.includes('-g1-'));
  });
  assert.deepEqual((await rebuild('flushed')).at(-1)?.done, 1n);
});

test('a collection that holds more removed vectors than live ones is rebuilt by itself', async () => {
  const partition = await fillTenant('worn');
  const vector = await embedder.embed('something else');
  const ids = Array.from({ length: 1200 }, (_, i) => `${i}`.padStart(32, 'f'));
  for (const id of ids) rig.index.add(partition, id, vector);
  await rig.indexed();
  rig.index.remove(partition, ids);
  await eventually(async () => (await namesOf(partition)).join().includes('-g2-'), { timeoutMs: 20_000 });
  await eventually(async () => (await namesOf(partition)).length === 1);
  await eventually(async () => {
    await rig.get('worn', again('Cuba'), byMeaning);
    await rig.indexed();
    return rig.chroma.pending === 0;
  });
  await assertWhole(partition);
});
