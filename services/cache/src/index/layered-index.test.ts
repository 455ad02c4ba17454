import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Logger } from '@refrain/service';
import { eventually, silentLog } from '@refrain/testkit';
import type { Index } from 'usearch';
import { HotIndex } from './hot/hot-index.ts';
import type { Journal } from './hot/journal.ts';
import { LayeredIndex } from './layered-index.ts';
import type { SharedIndex } from './near-index.ts';

const partition = { tenant: 't', key: 'k' };
const vector = new Float32Array(384).fill(1 / Math.sqrt(384));

/** A Chroma that knows one entry, and remembers what it was told. */
function cold() {
  const told: string[] = [];
  const index: SharedIndex = {
    keepOpen: () => {},
    ready: true,
    pending: 2,
    collections: 3,
    query: async () => ['cold'],
    add: (_, id) => told.push(`+${id}`),
    remove: (_, ids) => told.push(`-${ids.join()}`),
    drop: () => told.push('drop'),
    stop: async () => {},
  };
  return { index, told };
}

async function* nothing() {}

function layered(hot: HotIndex | undefined, log: Logger = silentLog) {
  const { index, told } = cold();
  const answered: string[] = [];
  const removals = { add: async () => {}, of: async () => 4 };
  const unindexer = { length: 5, workOff: async () => void told.push('worked off'), stop: async () => {} };
  const options = {
    rebuild: nothing,
    removals,
    unindexer,
    onAnswer: (by: string) => answered.push(by),
    log,
  };
  return { index: new LayeredIndex({ hot, cold: index, ...options }), told, answered };
}

test('without a hot index Chroma answers everything and hears of everything', async () => {
  const { index, told, answered } = layered(undefined);
  await index.prepare(partition);
  assert.deepEqual(await index.query(partition, vector, 1, 1), ['cold']);
  index.add(partition, 'a', vector);
  index.remove(partition, ['b', 'c']);
  index.drop(partition);
  assert.deepEqual([told, answered], [['+a', '-b,c', 'drop'], ['chroma']]);
  assert.deepEqual([index.hot, index.pending, index.collections], [{ partitions: 0, vectors: 0 }, 2, 3]);
});

test('a removal is worked off before it is told how much of it waits, where Chroma answers', async () => {
  const { index, told } = layered(undefined);
  assert.equal(await index.settle('t'), 4);
  assert.deepEqual([told, index.leaving], [['worked off'], 5]);
});

test('a graph that throws costs nobody an answer', async () => {
  const hot = new HotIndex({
    makeGraph: () => {
      throw new Error('out of memory');
    },
    log: silentLog,
    maximumVectors: () => 1000,
    source: {
      size: async () => 1,
      ids: async () => ['a'],
      present: async () => new Set(['a']),
      vectors: async () => [{ id: 'a', vector }],
    },
    journal: { write: async () => {} } as unknown as Journal,
  });
  const { index, told, answered } = layered(hot);
  assert.deepEqual(await index.query(partition, vector, 1, 1), ['cold']);
  index.add(partition, 'a', vector);
  assert.deepEqual([told, answered, index.hot.partitions], [['+a'], ['chroma'], 0]);
});

test('a graph that throws while it learns what others changed is told of, and begins anew', async () => {
  const graph = {
    add: (number: bigint) => {
      if (number > 1n) throw new Error('out of memory');
    },
  };
  const news = { changes: [{ id: 'b', came: true }], end: '2-0' };
  const hot = new HotIndex({
    makeGraph: () => graph as unknown as Index,
    log: silentLog,
    maximumVectors: () => 1000,
    source: {
      size: async () => 1,
      ids: async () => ['a'],
      present: async () => new Set(['a']),
      vectors: async (_, ids) => ids.map((id) => ({ id, vector })),
    },
    journal: { end: async () => '1-0', since: async () => news } as unknown as Journal,
  });
  const errors: unknown[] = [];
  const { index } = layered(hot, { ...silentLog, error: (fields) => errors.push(fields) });
  await index.query(partition, vector, 1, 1);
  await eventually(() => hot.vectors === 1 && hot.pending === 0, { what: 'the partition to be read in' });
  await index.prepare(partition);
  assert.deepEqual([errors.length, index.hot.partitions], [1, 0]);
});
