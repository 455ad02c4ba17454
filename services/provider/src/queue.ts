/**
 * A worker's short queue in front of one provider. Three lanes share the provider 6:3:1 while all of them wait, and a
 * lane that is alone has everything; nobody starves. Short on purpose: a request that would wait long is better told
 * "busy" at once, while the router can still ask somebody else.
 */
import type { Lane } from '@refrain/contracts';
import { lanes } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';

/** How often each lane is served while all of them wait. */
export const laneWeights: Readonly<Record<Lane, number>> = { high: 6, normal: 3, low: 1 };

/** Work that gets a place; the place is free again when its promise settles. It must not reject. */
export type Job = () => Promise<void>;

const totalWeight = lanes.reduce((sum, lane) => sum + laneWeights[lane], 0);
/** How much the latest job weighs in the running mean of how long jobs take. */
const smoothing = 0.2;

/** At most `concurrency` jobs run, at most `limit` wait. */
export class LaneQueue {
  readonly #concurrency: number;
  readonly #limit: number;
  readonly #waiting: Readonly<Record<Lane, Job[]>> = { high: [], normal: [], low: [] };
  readonly #credit: Record<Lane, number> = { high: 0, normal: 0, low: 0 };
  #running = 0;
  #meanMs = 1000;

  constructor(concurrency: number, limit: number) {
    this.#concurrency = concurrency;
    this.#limit = limit;
  }

  /** Jobs under way. */
  get running(): number {
    return this.#running;
  }

  /** Jobs that wait. */
  get waiting(): number {
    return lanes.reduce((sum, lane) => sum + this.#waiting[lane].length, 0);
  }

  /**
   * Starts the job at once where there is a place, else lets it wait. Gives the function that takes a job that still
   * waits out of the queue, and says whether it did.
   * @throws RefrainError `overloaded`, reason BUSY, with the time after which a place is likely.
   */
  submit(lane: Lane, job: Job): () => boolean {
    if (this.#running < this.#concurrency) {
      this.#start(job);
      return () => false;
    }
    if (this.waiting >= this.#limit) {
      const retryAfterMs = Math.ceil((this.#meanMs * (this.waiting + 1)) / this.#concurrency);
      throw new RefrainError('overloaded', "The provider's queue is full.", { reason: 'BUSY', retryAfterMs });
    }
    this.#waiting[lane].push(job);
    return () => this.#withdraw(lane, job);
  }

  #withdraw(lane: Lane, job: Job): boolean {
    const place = this.#waiting[lane].indexOf(job);
    if (place === -1) return false;
    this.#waiting[lane].splice(place, 1);
    if (this.#waiting[lane].length === 0) this.#credit[lane] = 0;
    return true;
  }

  #start(job: Job): void {
    this.#running += 1;
    const began = performance.now();
    const over = () => {
      this.#meanMs += smoothing * (performance.now() - began - this.#meanMs);
      this.#running -= 1;
      const next = this.#next();
      if (next) this.#start(next);
    };
    job().then(over, over);
  }

  /** Smooth weighted round robin over the lanes that wait. */
  #next(): Job | undefined {
    let chosen: Lane | undefined;
    for (const lane of lanes) {
      if (this.#waiting[lane].length === 0) continue;
      this.#credit[lane] += laneWeights[lane];
      if (chosen === undefined || this.#credit[lane] > this.#credit[chosen]) chosen = lane;
    }
    if (chosen === undefined) return undefined;
    this.#credit[chosen] -= totalWeight;
    const job = this.#waiting[chosen].shift();
    if (this.#waiting[chosen].length === 0) this.#credit[chosen] = 0;
    return job;
  }
}
