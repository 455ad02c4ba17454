/** What a cache was given and has not yet written, by its own counts. */
import { create } from '@bufbuild/protobuf';
import { type CacheService, StatsRequestSchema } from '@refrain/contracts';
import type { GrpcClient } from '@refrain/rpc';
import { eventually } from '@refrain/testkit';

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

/** Answers a cache could not put under their meaning: a hit by meaning cannot be measured on them. */
export async function missingMeanings(cache: Cache): Promise<number> {
  const { refusals } = await cache.stats(create(StatsRequestSchema));
  return sum(refusals, (reason) => reason.startsWith('near_'));
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
