/** The hot index beside Chroma: both find the same, neither serves what is gone, and each process hears of the others' changes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Level, Source } from '@refrain/contracts';
import { eventually, silentLog } from '@refrain/testkit';
import { nearest, toVector } from '../../src/embedder/vector.ts';
import type { Partition } from '../../src/entries/partition.ts';
import { HotIndex } from '../../src/index/hot/hot-index.ts';
import { loadGraphs } from '../../src/index/hot/hot-vectors.ts';
import { Journal } from '../../src/index/hot/journal.ts';
import type { NearSource } from '../../src/index/near-index.ts';
import { byMeaning, type Rig, startParts, summary } from '../rig.ts';

const { chroma, embedder, start } = await startParts();
const rig = await start();

const places = [
  'Italy',
  'Poland',
  'Greece',
  'Turkey',
  'Egypt',
  'Kenya',
  'Chile',
  'Cuba',
  'Ghana',
  'Nepal',
  'Peru',
  'Japan',
];
const asked = (place: string) => `What is the capital of ${place}?`;
const again = (place: string) => `What's the capital of ${place}?`;

async function fillTenant(tenant: string, to: Rig = rig): Promise<Partition> {
  let key = '';
  for (const place of places) {
    const { entryId } = await to.put(tenant, asked(place), place);
    key = entryId.split('.')[1] ?? '';
  }
  await warm(tenant, to);
  return { tenant, key };
}

/** Looks into the partition, which makes it hot, and waits until it is. */
async function warm(tenant: string, to: Rig = rig): Promise<void> {
  await to.get(tenant, again('Italy'), byMeaning);
  await to.indexed();
}

const idOf = (entryId: string) => entryId.split('.')[0] ?? '';

test('a tenant that one process erases leaves the memory of the others, asked or not', async () => {
  const other = await start();
  try {
    await fillTenant('erased');
    await warm('erased', other);
    await warm('kept', other);
    const before = other.index.hot.vectors;
    assert.ok(before >= places.length);
    await rig.remove('erased', { case: 'all', value: true });
    await eventually(() => other.index.hot.vectors === before - places.length, { what: 'the other to forget' });
  } finally {
    await other.stop();
  }
});

test('a partition that is looked into is read in, and the hot index, Chroma and a full comparison name the same neighbours', async () => {
  const before = rig.index.hot;
  const partition = await fillTenant('agree');
  assert.deepEqual(rig.index.hot, {
    partitions: before.partitions + 1,
    vectors: before.vectors + places.length,
  });
  const all = await rig.near.vectors(partition, await rig.near.ids(partition));
  for (const place of places) {
    const vector = await embedder.embed(again(place));
    const truth = nearest(vector, all, 5);
    assert.deepEqual(await rig.index.query(partition, vector, 5, places.length), truth);
    assert.deepEqual(await rig.chroma.query(partition, vector, 5, places.length), truth);
    assert.deepEqual(summary(await rig.get('agree', again(place), byMeaning)), [place, Source.SEMANTIC]);
  }
});

test('an entry that was removed and stored again is found again, each time', async () => {
  await fillTenant('again');
  for (let round = 0; round < 3; round += 1) {
    const { entryId } = await rig.put('again', asked('Italy'), 'Italy');
    await rig.indexed();
    assert.deepEqual(summary(await rig.get('again', again('Italy'), byMeaning)), ['Italy', Source.SEMANTIC]);
    await rig.remove('again', { case: 'entryId', value: entryId });
  }
});

test('a hot partition answers while Chroma is frozen', async () => {
  await fillTenant('frozen');
  chroma.freeze();
  try {
    for (const place of places)
      assert.deepEqual(summary(await rig.get('frozen', again(place), byMeaning)), [place, Source.SEMANTIC]);
    await eventually(() => !rig.index.ready);
  } finally {
    chroma.thaw();
  }
  await eventually(() => rig.index.ready);
});

test('what another cache stores is found by the hot index at the next lookup, and what it removes is not', async () => {
  const partition = await fillTenant('two');
  const second = await start();
  try {
    // From here on the question's vector is known, and its neighbours are asked for before the journal has been heard.
    assert.equal((await rig.get('two', again('Spain'), byMeaning)).answer, undefined);
    const { entryId } = await second.put('two', asked('Spain'), 'Madrid.');
    assert.deepEqual(summary(await rig.get('two', again('Spain'), byMeaning)), ['Madrid.', Source.SEMANTIC]);
    const vector = await embedder.embed(again('Spain'));
    const find = async () => (await rig.index.query(partition, vector, 1, places.length + 1))?.[0];
    assert.equal(await find(), idOf(entryId));
    await second.remove('two', { case: 'entryId', value: entryId });
    assert.equal((await rig.get('two', again('Spain'), byMeaning)).answer, undefined);
    await eventually(async () => {
      await rig.index.prepare(partition);
      return (await find()) !== idOf(entryId);
    });
  } finally {
    await second.stop();
  }
});

test('a known question in a hot partition costs one reading of each kind, also where it is answered', async () => {
  await fillTenant('glance');
  const look = (place: string) => rig.get('glance', again(place), byMeaning, { leaveNoTrace: true });
  const readings = async (place: string) => {
    await look(place);
    await rig.state.command('CONFIG', 'RESETSTAT');
    const { answer } = await look(place);
    const info = String(await rig.state.command('INFO', 'commandstats'));
    const calls = ['mget', 'hmget', 'zcount'].map((name) =>
      Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(info)?.[1] ?? 0),
    );
    return { isHit: answer !== undefined, calls };
  };
  assert.deepEqual(await readings('Italy'), { isHit: true, calls: [1, 1, 1] });
  assert.deepEqual(await readings('Spain'), { isHit: false, calls: [1, 1, 1] });
});

test('a removed entry is never served, though the index still names it', async () => {
  const partition = await fillTenant('behind');
  const { entryId } = await rig.put('behind', asked('Spain'), 'Madrid.');
  const vector = await embedder.embed(again('Spain'));
  await rig.remove('behind', { case: 'entryId', value: entryId });
  rig.index.add(partition, idOf(entryId), vector);
  assert.equal((await rig.index.query(partition, vector, 1, places.length))?.[0], idOf(entryId));
  assert.equal((await rig.get('behind', again('Spain'), byMeaning)).answer, undefined);
});

test('a flushed Redis leaves nothing to serve, and what is stored afterwards is found', async () => {
  await fillTenant('flushed');
  await rig.state.command('FLUSHALL');
  for (const place of places) assert.equal((await rig.get('flushed', again(place), byMeaning)).answer, undefined);
  await rig.put('flushed', asked('Cuba'), 'Havana.');
  await eventually(async () => summary(await rig.get('flushed', again('Cuba'), byMeaning))[0] === 'Havana.');
  assert.equal((await rig.get('flushed', again('Kenya'), byMeaning)).answer, undefined);
});

test('a partition dropped by one cache and filled anew is answered with what is new by the other', async () => {
  await fillTenant('anew');
  const second = await start();
  try {
    await second.remove('anew', { case: 'all', value: true });
    assert.equal((await rig.get('anew', again('Kenya'), byMeaning)).answer, undefined);
    await second.put('anew', asked('Kenya'), 'Nairobi, the new answer.');
    const expected = ['Nairobi, the new answer.', Source.SEMANTIC];
    await eventually(async () => {
      const found = summary(await rig.get('anew', again('Kenya'), byMeaning));
      if (typeof found !== 'string') assert.deepEqual(found, expected);
      return typeof found !== 'string';
    });
  } finally {
    await second.stop();
  }
});

test('a semantic miss hands back what the question was embedded to, an exact one nothing', async () => {
  await fillTenant('vector');
  const question = 'How long does it take to learn the violin?';
  const embedded = await embedder.embed(question);
  // A lookup whose embedding is late goes on without it: the machine may be busy.
  await eventually(
    async () => {
      const { answer, vector } = await rig.get('vector', question, byMeaning);
      assert.equal(answer, undefined);
      if (vector.length > 0) assert.deepEqual(toVector(vector), embedded);
      return vector.length > 0;
    },
    { what: 'a vector with a miss' },
  );
  assert.equal((await rig.get('vector', question, [Level.EXACT])).vector.length, 0);
});

/** A hot index by itself, on the rig's Redis, with its own clock and room. */
async function hotIndex(maximumVectors: () => number, source: NearSource = rig.near) {
  let nowMs = 0;
  const journal = new Journal(rig.state, ({ key }) => `test:journal:${key}`);
  const hot = new HotIndex({
    makeGraph: await loadGraphs(),
    log: silentLog,
    maximumVectors,
    source,
    journal,
    nowMs: () => nowMs,
  });
  return { hot, journal, passMs: (ms: number) => (nowMs += ms) };
}

test('what others changed while nobody looked is learned again from Redis where the journal is cut', async () => {
  const partition = await fillTenant('cut');
  const { hot, journal } = await hotIndex(() => 10_000);
  const vector = await embedder.embed(again('Spain'));
  const find = (size: number) => hot.query(partition, vector, 1, size)?.[0];
  await eventually(() => find(places.length) !== undefined);
  const { entryId } = await rig.put('cut', asked('Spain'), 'Madrid.');
  const noise = Array.from({ length: 5 }, (_, i) => ({ id: `${i}`, came: false }));
  for (let i = 0; i < 1500; i += 1) await journal.write(partition, noise);
  await hot.catchUp(partition);
  assert.equal(find(places.length + 1), undefined, 'it does not answer before it has compared');
  await eventually(() => find(places.length + 1) === idOf(entryId));
  hot.stop();
});

test('what others changed in a journal that came and ended while nobody looked is learned again from Redis', async () => {
  const partition = await fillTenant('ended');
  const { hot, passMs } = await hotIndex(() => 10_000);
  const vector = await embedder.embed(again('Spain'));
  const find = (size: number) => hot.query(partition, vector, 1, size)?.[0];
  await eventually(() => find(places.length) !== undefined);
  const { entryId } = await rig.put('ended', asked('Spain'), 'Madrid.');
  passMs(3_600_001);
  await hot.catchUp(partition);
  await eventually(() => find(places.length + 1) === idOf(entryId), { timeoutMs: 3000 });
  hot.stop();
});

test('all hot partitions together stay within their number of vectors: who rests longest goes, who is busy stays', async () => {
  const [a, b, c] = [await fillTenant('room-a'), await fillTenant('room-b'), await fillTenant('room-c')];
  let maximum = 130;
  const { hot, passMs } = await hotIndex(() => maximum);
  const vector = await embedder.embed(again('Cuba'));
  const answers = (partition: Partition) => hot.query(partition, vector, 1, places.length) !== undefined;
  await eventually(() => answers(a));
  await eventually(() => answers(b));
  assert.equal(answers(c), false);
  assert.equal(hot.partitions, 2);
  passMs(61_000);
  assert.ok(answers(b));
  await eventually(() => answers(c));
  assert.deepEqual([answers(a), answers(b), hot.partitions], [false, true, 2]);
  maximum = 70;
  hot.add(c, 'f'.repeat(32), vector);
  assert.deepEqual([hot.partitions, hot.vectors], [1, places.length]);
  maximum = 0;
  hot.add(b, 'f'.repeat(32), vector);
  assert.deepEqual([hot.partitions, hot.vectors], [0, 0]);
  hot.stop();
});

test('reading in that Redis breaks off goes on where it was', async () => {
  const many = Array.from({ length: 40 }, (_, i) => `What happened in the year ${1800 + i}?`);
  let key = '';
  for (const question of many) key = (await rig.put('broken-off', question, 'Much.')).entryId.split('.')[1] ?? '';
  const partition = { tenant: 'broken-off', key };
  const pages: number[] = [];
  const source: NearSource = {
    size: (of) => rig.near.size(of),
    ids: (of) => rig.near.ids(of),
    present: (of, ids) => rig.near.present(of, ids),
    vectors: (of, ids) => {
      pages.push(ids.length);
      return pages.length === 2 ? Promise.reject(new Error('away')) : rig.near.vectors(of, ids);
    },
  };
  const { hot, passMs } = await hotIndex(() => 10_000, source);
  const vector = await embedder.embed(many[0] ?? '');
  assert.equal(hot.query(partition, vector, 1, many.length), undefined);
  await eventually(() => pages.length === 2 && hot.pending === 0);
  assert.equal(hot.query(partition, vector, 1, many.length), undefined, 'half of it is not answered from');
  passMs(1001);
  await eventually(() => hot.query(partition, vector, 1, many.length)?.length === 1);
  assert.deepEqual(pages, [32, 8, 8]);
  hot.stop();
});

test('what is removed while a partition is read in is not in it afterwards', async () => {
  const partition = await fillTenant('removed-meanwhile');
  const vector = await embedder.embed(asked('Cuba'));
  let removed: string | undefined;
  const source: NearSource = {
    size: (of) => rig.near.size(of),
    ids: (of) => rig.near.ids(of),
    present: (of, ids) => rig.near.present(of, ids),
    vectors: async (of, ids) => {
      const vectors = await rig.near.vectors(of, ids);
      // Read before it went, handed over afterwards.
      removed = nearest(vector, vectors, 1)[0];
      hot.remove(of, [removed ?? '']);
      return vectors;
    },
  };
  const { hot } = await hotIndex(() => 10_000, source);
  await eventually(() => hot.query(partition, vector, 1, places.length) !== undefined);
  assert.ok(removed);
  assert.equal(hot.vectors, places.length - 1);
  assert.equal(hot.peek(partition, vector, 20)?.includes(removed), false);
  hot.stop();
});

test('what Redis has evicted is not read again and again', async () => {
  const partition = await fillTenant('evicted');
  let reads = 0;
  const source: NearSource = {
    // As of a large partition of which half was evicted: the list still has the names.
    size: (of) => rig.near.size(of),
    ids: async (of) => [
      ...(await rig.near.ids(of)),
      ...Array.from({ length: 500 }, (_, i) => `${i}`.padStart(32, 'e')),
    ],
    present: (of, ids) => rig.near.present(of, ids),
    vectors: (of, ids) => {
      reads += 1;
      return rig.near.vectors(of, ids);
    },
  };
  const { hot, passMs } = await hotIndex(() => 10_000, source);
  const vector = await embedder.embed(again('Cuba'));
  const size = places.length + 500;
  await eventually(() => hot.query(partition, vector, 1, size) !== undefined);
  const before = reads;
  passMs(60_000);
  assert.equal(hot.query(partition, vector, 1, size)?.length, 1);
  assert.deepEqual([hot.pending, reads], [0, before]);
  passMs(60_000);
  hot.query(partition, vector, 1, size + 500);
  assert.equal(hot.pending, 1, 'a difference that is new is looked into');
  hot.stop();
});
