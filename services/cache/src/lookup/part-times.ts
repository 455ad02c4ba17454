import type { Histogram, Metrics } from '@refrain/service';

/** Where the time of a semantic lookup goes. */
export type Part = 'embedding' | 'index' | 'redis' | 'verify';

/** Seconds; the parts take between a twentieth of a millisecond and their deadlines. */
const buckets = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5];

/** Says how long each part of the semantic lookups took, also where it failed. */
export class PartTimes {
  readonly #seconds: Histogram;

  constructor(metrics: Metrics) {
    const help = 'Time of one part of a semantic lookup; a lookup may need a part more than once.';
    this.#seconds = metrics.histogram('cache_semantic_part_seconds', help, ['part'], buckets);
  }

  /** Takes the time of a call that waits for nothing; throws what it throws. */
  took<T>(part: Part, call: () => T): T {
    const began = performance.now();
    try {
      return call();
    } finally {
      this.#seconds.observe((performance.now() - began) / 1000, { part });
    }
  }

  /** Waits for a call and takes its time; throws what it throws. */
  async taken<T>(part: Part, call: () => T | Promise<T>): Promise<T> {
    const began = performance.now();
    try {
      return await call();
    } finally {
      this.#seconds.observe((performance.now() - began) / 1000, { part });
    }
  }
}
