/** A clock that stands still until it is moved. */
export interface ManualClock {
  now(): number;
  advance(milliseconds: number): void;
}

/** A clock that begins at `start` milliseconds. */
export function manualClock(start = 1_000_000): ManualClock {
  let now = start;
  return {
    now: () => now,
    advance: (milliseconds) => {
      now += milliseconds;
    },
  };
}
