/** Where time comes from; tests pass a clock they move by hand. */
export interface Clock {
  /** Milliseconds; only differences mean something. */
  now(): number;
}

/** The machine's monotonic clock. */
export const systemClock: Clock = { now: () => performance.now() };
