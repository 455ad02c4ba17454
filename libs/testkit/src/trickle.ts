/** A call that is over; times by `performance.now()`. */
export interface Ended<T> {
  readonly value: T;
  readonly calledAtMs: number;
  readonly ms: number;
}

/** Calls that come one after the other whatever happens to the ones before them. */
export interface Trickle<T> {
  /** Those that are over, in that order. */
  readonly ended: readonly Ended<T>[];
  /** Calls no more and waits for what is under way. @throws what a call threw */
  stop(): Promise<readonly Ended<T>[]>;
}

/**
 * Calls every so many milliseconds, at once for the first time, until it is stopped: what a test lets run while it breaks something.
 * A call turns its own failures into values where the test is to judge them.
 */
export function startTrickle<T>(everyMs: number, call: (n: number) => Promise<T>): Trickle<T> {
  const ended: Ended<T>[] = [];
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let n = 0;
  const next = () => {
    const calledAtMs = performance.now();
    const over = call(n)
      .then((value) => void ended.push({ value, calledAtMs, ms: performance.now() - calledAtMs }))
      .catch((thrown: unknown) => void failures.push(thrown))
      .finally(() => underWay.delete(over));
    underWay.add(over);
    n += 1;
  };
  next();
  // A test that fails before it stops its trickle must still be able to end.
  const timer = setInterval(next, everyMs).unref();
  return {
    ended,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
      if (failures.length > 0) throw failures[0];
      return ended;
    },
  };
}
