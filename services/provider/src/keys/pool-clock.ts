/** The time as a pool goes by it: the scripts by Redis' clock, so that workers whose clocks differ count alike. */
export interface PoolClock {
  /** Milliseconds since 1970, by this process. */
  now(): number;
  /** The time as scripts take it: empty for Redis' own. */
  readonly told: string;
}

/** A pool's clock; one that tests move holds for the scripts too. */
export function createPoolClock(moved?: { now(): number }): PoolClock {
  if (!moved) return { now: () => Date.now(), told: '' };
  return {
    now: () => moved.now(),
    get told() {
      return String(moved.now());
    },
  };
}
