/** A closed loop: `inFlight` callers, each asking again as soon as it was answered, for a bounded time. */

import { missed, type Outcome } from './case.ts';

/** What one round of one case measured. */
export interface Round {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly perSecond: number;
  /** Calls that were answered as they should be. */
  readonly count: number;
  readonly missed: number;
}

/** How a round runs. */
export interface LoadOptions {
  readonly inFlight: number;
  readonly seconds: number;
  /** Stops the round early, so that a slow case cannot run away and a case with finite input ends. */
  readonly maximumCalls: number;
}

/**
 * Runs `call` until the time is over and gives latencies in milliseconds: what `call` returns (the time to the first chunk, say),
 * else its whole time. The first error ends the round and is thrown.
 */
export async function runLoad(call: () => Promise<Outcome>, options: LoadOptions): Promise<Round> {
  const latencies: number[] = [];
  let misses = 0;
  const start = performance.now();
  const end = start + options.seconds * 1000;
  const caller = async () => {
    while (performance.now() < end && latencies.length < options.maximumCalls) {
      const before = performance.now();
      const own = await call();
      if (own === missed) misses += 1;
      else latencies.push(own ?? performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: options.inFlight }, caller));
  return toRound(latencies, performance.now() - start, misses);
}

/** What a load came to: its latencies in milliseconds, in any order, and the time it took. */
export function toRound(latencies: readonly number[], elapsedMs: number, missed: number): Round {
  const sorted = [...latencies].sort((a, b) => a - b);
  return {
    p50: quantile(sorted, 0.5),
    p95: quantile(sorted, 0.95),
    p99: quantile(sorted, 0.99),
    perSecond: (sorted.length * 1000) / elapsedMs,
    count: sorted.length,
    missed,
  };
}

/** The median of a few figures. */
export function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}
