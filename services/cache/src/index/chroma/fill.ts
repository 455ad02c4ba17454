import type { Vector } from '../../embedder/vector.ts';
import type { Partition } from '../../entries/partition.ts';
import type { NearSource } from '../near-index.ts';
import type { ChromaCollection } from './chroma-server.ts';

const page = 100;

/**
 * Puts vectors into a collection, and takes those out again whose entries Redis has lost in the meantime: whoever removed them may have been
 * here before them.
 */
export async function put(
  collection: ChromaCollection,
  partition: Partition,
  vectors: readonly Vector[],
  source: NearSource,
): Promise<void> {
  if (vectors.length === 0) return;
  await collection.upsert(vectors);
  const ids = vectors.map(({ id }) => id);
  const there = await source.present(partition, ids);
  await collection.remove(ids.filter((id) => !there.has(id)));
}

/**
 * Makes a collection hold what Redis has of a partition, and nothing else; yields how many vectors it had to add, page by page. The
 * collection is read first: what is in it and not in Redis afterwards is stale, for an entry is written to Redis before it is written here.
 */
export async function* fill(
  collection: ChromaCollection,
  partition: Partition,
  source: NearSource,
): AsyncGenerator<number> {
  const there = new Set(await collection.ids());
  const wanted = await source.ids(partition);
  const missing = wanted.filter((id) => !there.has(id));
  for (const id of wanted) there.delete(id);
  if (there.size > 0) await collection.remove([...there]);
  for (let from = 0; from < missing.length; from += page) {
    const vectors = await source.vectors(partition, missing.slice(from, from + page));
    await put(collection, partition, vectors, source);
    yield vectors.length;
  }
}

/** The same, without pauses; gives how many it had to add. */
export async function fillWhole(
  collection: ChromaCollection,
  partition: Partition,
  source: NearSource,
): Promise<number> {
  let added = 0;
  for await (const count of fill(collection, partition, source)) added += count;
  return added;
}
