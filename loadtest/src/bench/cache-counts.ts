/** What a cache says of itself: what it was given and has not yet written, and why it missed. */
import { create } from '@bufbuild/protobuf';
import { type CacheService, StatsRequestSchema } from '@refrain/contracts';
import type { GrpcClient } from '@refrain/rpc';
import { eventually } from '@refrain/testkit';

/** Counts by reason. */
export type Counts = ReadonlyMap<string, number>;

type Cache = Pick<GrpcClient<typeof CacheService>, 'stats'>;

/** Waits until a cache has taken as many answers as there were `calls` since now, and its index has written them. */
export async function followWrites(cache: Cache): Promise<(calls: number) => Promise<void>> {
  const before = await offers(cache);
  return (calls) =>
    eventually(
      async () => {
        const now = await offers(cache);
        return now.count - before.count >= calls && now.pending === 0;
      },
      { timeoutMs: 60_000, what: `the cache to have written ${calls} answers` },
    );
}

/** Answers a cache could not put under their meaning, by reason: no hit by meaning can be measured on them. */
export async function missingMeanings(cache: Cache): Promise<Counts> {
  const { refusals } = await cache.stats(create(StatsRequestSchema));
  return toCounts(Object.entries(refusals).filter(([reason]) => reason.startsWith('near_')));
}

/** Misses so far by level and reason. */
export async function missReasons(cache: Cache): Promise<Counts> {
  const { misses } = await cache.stats(create(StatsRequestSchema));
  return toCounts(Object.entries(misses));
}

/** What has grown between two counts, for people; empty where nothing has. */
export function growth(before: Counts, now: Counts): string {
  return [...now]
    .map(([reason, count]) => [reason, count - (before.get(reason) ?? 0)] as const)
    .filter(([, more]) => more > 0)
    .map(([reason, more]) => `${reason} ${more}`)
    .join(', ');
}

async function offers(cache: Cache): Promise<{ count: number; pending: number }> {
  const { stores, refusals, pendingIndexWrites } = await cache.stats(create(StatsRequestSchema));
  return {
    count: Number(stores) + sum(refusals, (reason) => !reason.startsWith('near_')),
    pending: pendingIndexWrites,
  };
}

function sum(counts: Readonly<Record<string, bigint>>, counted: (reason: string) => boolean): number {
  return Object.entries(counts).reduce((total, [reason, count]) => total + (counted(reason) ? Number(count) : 0), 0);
}

function toCounts(entries: readonly [string, bigint][]): Counts {
  return new Map(entries.map(([reason, count]) => [reason, Number(count)]));
}
