import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Vector } from '../../embedder/vector.ts';
import type { NearSource } from '../near-index.ts';
import type { ChromaCollection } from './chroma-server.ts';
import { fillWhole, put } from './fill.ts';

const partition = { tenant: 't', key: 'k' };
const toVectors = (ids: readonly string[]): Vector[] => ids.map((id) => ({ id, vector: new Float32Array(384) }));

/** A collection and what Redis has; `onWrite` happens while vectors are being written. */
function parts(inCollection: string[], inRedis: string[], onWrite: () => void) {
  const [there, redis] = [new Set(inCollection), new Set(inRedis)];
  const collection = {
    ids: async () => [...there],
    upsert: async (vectors: readonly Vector[]) => {
      for (const { id } of vectors) there.add(id);
      onWrite();
    },
    remove: async (ids: readonly string[]) => ids.forEach((id) => void there.delete(id)),
  } as unknown as ChromaCollection;
  const source: NearSource = {
    size: async () => redis.size,
    ids: async () => [...redis],
    present: async (_, ids) => new Set(ids.filter((id) => redis.has(id))),
    vectors: async (_, ids) => toVectors(ids),
  };
  return { collection, source, there, redis };
}

test('a vector whose entry is removed while it is written does not stay: whoever removed it may have been here before', async () => {
  const { collection, source, there, redis } = parts([], ['a', 'b'], () => redis.delete('b'));
  await put(collection, partition, toVectors(['a', 'b']), source);
  assert.deepEqual([...there], ['a']);
});

test('a collection that is filled holds what Redis has in the end, also where an entry goes meanwhile', async () => {
  const { collection, source, there, redis } = parts(['old', 'a'], ['a', 'b', 'c'], () => redis.delete('c'));
  assert.equal(await fillWhole(collection, partition, source), 2);
  assert.deepEqual([...there].sort(), ['a', 'b']);
});
