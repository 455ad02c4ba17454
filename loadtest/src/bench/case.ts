import type { Counts } from './cache-counts.ts';

/** What a call came to: its own latency in milliseconds where its whole time is not what counts; `missed` for a hit that was none. */
export type Outcome = number | undefined | typeof missed;

/** A part did not answer within its deadline, so the mesh asked the provider instead: right, but not what is measured here. */
export const missed: unique symbol = Symbol('missed');

/** One thing that is measured. */
export interface Case {
  readonly name: string;
  /** The case its ratio is taken against. */
  readonly limit?: string;
  /** What one call costs the upstream; the run counts and compares. Absent where there is none behind it. */
  readonly upstreamCalls?: 0 | 1;
  /** The share of calls that may miss; they are neither timed nor counted as done. Absent: none. */
  readonly maximumMissed?: number;
  /** Why the cache has missed so far, by its own count; told where a round misses too often. */
  reasons?(): Promise<Counts>;
  /** Brings the mesh into the state the case asks for; not timed. */
  prepare?(): Promise<void>;
  /** Asks once, and throws when the answer comes from where it must not. */
  call(): Promise<Outcome>;
  /** Called before the clock starts; gives what waits, before it stops, until what `calls` calls left to be written is written. */
  writes?(): Promise<(calls: number) => Promise<void>>;
}

/** A call whose whole time counts. */
export function timed(ask: () => Promise<unknown>): () => Promise<Outcome> {
  return async () => ((await ask()) === missed ? missed : undefined);
}
