/**
 * What a lookup will most likely need, asked for before it is known whether it does: where a question's vector is known and its partition is
 * kept in process, the nearest entries, and what was learned of the first of them, are read in the same visit to Redis as the partition's
 * size and its journal. Where the journal tells of a change the index searches again, and what was read for nothing is let go.
 */
import type { Embedder } from '../embedder/embedder.ts';
import type { NearEntry, RedisNearStore } from '../entries/near-store.ts';
import type { Partition } from '../entries/partition.ts';
import type { NearIndex } from '../index/near-index.ts';
import type { EntryTrust, Trust } from '../learning/entry-trust.ts';
import type { Asked } from '../requests/level.ts';
import type { PartTimes } from './part-times.ts';

/** What glancing stands on. */
export interface GlanceParts {
  readonly embedder: Pick<Embedder, 'known'>;
  readonly index: Pick<NearIndex, 'peek'>;
  readonly near: Pick<RedisNearStore, 'getMany'>;
  readonly times: PartTimes;
  readonly learning: { readonly trust: Pick<EntryTrust, 'of'> };
}

/** What was asked for around one vector. */
export interface Glance {
  /** The very list that the index gives when it is asked, if nothing has changed since. */
  readonly ids: readonly string[];
  readonly entries: Promise<(NearEntry | undefined)[]>;
  /** In the nearest of them. */
  readonly trust: Promise<Trust>;
}

/** By vector; those that are not known yet, or whose partition is not in process, are left out. */
export type Glances = ReadonlyMap<Float32Array, Glance>;

/** Asks; never throws, for whoever needs what was asked for waits for it. */
export function glance(
  texts: readonly string[],
  partition: Partition,
  { settings, nowMs }: Asked,
  { embedder, index, near, times, learning }: GlanceParts,
): Glances {
  const glances = new Map<Float32Array, Glance>();
  for (const text of texts) {
    const vector = embedder.known(text);
    if (!vector) continue;
    const ids = times.took('index', () => index.peek(partition, vector, settings.cache.semantic.topK));
    const [nearest] = ids ?? [];
    if (!ids || nearest === undefined) continue;
    const entries = near.getMany(partition, ids, nowMs);
    const trust = learning.trust.of(partition, nearest);
    // It may turn out that nobody waits for them.
    entries.catch(() => undefined);
    trust.catch(() => undefined);
    glances.set(vector, { ids, entries, trust });
  }
  return glances;
}

/** The trust in an entry, as far as it was asked for. */
export function trustIn(glances: Glances, id: string): Promise<Trust> | undefined {
  for (const { ids, trust } of glances.values()) if (ids[0] === id) return trust;
  return undefined;
}
