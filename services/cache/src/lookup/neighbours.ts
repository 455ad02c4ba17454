/** Entries that Redis has, nearest to a question first: by the index, or in process where the partition is small and the index cannot say. */

import { nearest } from '../embedder/vector.ts';
import { reachBack } from '../entries/life.ts';
import type { NearEntry, RedisNearStore } from '../entries/near-store.ts';
import type { Partition } from '../entries/partition.ts';
import { type NearIndex, scanLimit } from '../index/near-index.ts';
import type { Asked } from '../requests/level.ts';
import type { Glance } from './glance.ts';
import type { PartTimes } from './part-times.ts';

/** What finds neighbours, and what says whether they are there. */
export interface NeighbourParts {
  readonly index: NearIndex;
  readonly near: RedisNearStore;
  readonly times: PartTimes;
}

/** Where neighbours are looked for: a partition with `size` entries. */
export interface Around {
  readonly partition: Partition;
  readonly vector: Float32Array;
  readonly size: number;
  /** What was asked for already. */
  readonly glance: Glance | undefined;
}

/**
 * The entries nearest to a vector, all of them in Redis a moment ago; undefined where the partition is large and the index is not
 * ready. @throws RefrainError `unavailable` or `deadline` where Redis, or the index of a large partition, does not answer
 */
export async function neighbours(
  around: Around,
  { request, settings, nowMs }: Asked,
  parts: NeighbourParts,
): Promise<NearEntry[] | undefined> {
  const count = settings.cache.semantic.topK;
  if (!request.acceptStale) return live(around, count, nowMs, parts);
  // What is stale is in no index, for it would stand before what is not: the last to end are compared here.
  const { partition, vector, size } = around;
  const since = reachBack(nowMs, request, settings.cache);
  const scanned = await parts.times.taken('redis', () => scan(partition, vector, count, since, parts.near));
  if (size <= scanLimit) return scanned;
  const indexed = (await live(around, count, nowMs, parts)) ?? [];
  const known = new Set(indexed.map(({ id }) => id));
  return [...indexed, ...scanned.filter(({ id }) => !known.has(id))];
}

async function live(
  { partition, vector, size, glance }: Around,
  count: number,
  nowMs: number,
  parts: NeighbourParts,
): Promise<NearEntry[] | undefined> {
  const { times, near } = parts;
  const ids = await times.taken('index', () => askIndex({ partition, vector, size, glance }, count, parts.index));
  if (ids) {
    const entries = await times.taken('redis', () =>
      ids === glance?.ids ? glance.entries : near.getMany(partition, ids, nowMs),
    );
    const stale = ids.filter((_, i) => !entries[i]);
    if (stale.length === 0) return entries.filter((entry) => entry !== undefined);
    parts.index.remove(partition, stale);
    // What is gone has taken the places of what may be there.
    if (size > scanLimit) return entries.filter((entry) => entry !== undefined);
  }
  if (size > scanLimit) return undefined;
  return times.taken('redis', () => scan(partition, vector, count, nowMs, near));
}

async function askIndex(
  { partition, vector, size }: Around,
  count: number,
  index: NearIndex,
): Promise<readonly string[] | undefined> {
  try {
    return await index.query(partition, vector, count, size);
  } catch (error) {
    if (size > scanLimit) throw error;
    return undefined;
  }
}

async function scan(
  partition: Partition,
  vector: Float32Array,
  count: number,
  nowMs: number,
  near: RedisNearStore,
): Promise<NearEntry[]> {
  const ids = await near.ids(partition, nowMs, scanLimit);
  const vectors = await near.vectors(partition, ids, nowMs);
  const names = nearest(vector, vectors, count);
  const entries = await near.getMany(partition, names, nowMs);
  const gone = names.filter((_, i) => !entries[i]);
  if (gone.length > 0) await near.forget(partition, gone);
  return entries.filter((entry) => entry !== undefined);
}
