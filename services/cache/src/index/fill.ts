import type { Partition } from '../partition.ts';
import type { ChromaCollection } from './chroma-server.ts';
import type { NearSource } from './near-index.ts';

const page = 250;

/**
 * Makes a collection hold what Redis has of a partition, and nothing else; gives how many vectors it had to add. The collection is
 * read first: what is in it and not in Redis afterwards is stale, for an entry is written to Redis before it is written here.
 */
export async function fill(collection: ChromaCollection, partition: Partition, source: NearSource): Promise<number> {
  const there = new Set(await collection.ids());
  const wanted = await source.ids(partition);
  const missing = wanted.filter((id) => !there.has(id));
  for (const id of wanted) there.delete(id);
  if (there.size > 0) await collection.remove([...there]);
  for (let from = 0; from < missing.length; from += page) {
    await collection.upsert(await source.vectors(partition, missing.slice(from, from + page)));
  }
  return missing.length;
}
