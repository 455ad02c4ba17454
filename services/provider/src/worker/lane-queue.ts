/**
 * A worker's short queue in front of one provider. Three lanes share the provider 6:3:1 while all of them wait, and a
 * lane that is alone has everything; nobody starves. Short on purpose: a request that would wait long is better told
 * "busy" at once, while the router can still ask somebody else.
 *
 * A place here is not yet one at the provider, whose places all workers share: a job that finds none there goes back to where it
 * stood. From then on one job at a time tries, whenever one of ours ends and now and then for those of other workers.
 */
import type { Lane } from '@refrain/contracts';
import { lanes } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';

/** How often each lane is served while all of them wait. */
export const laneWeights: Readonly<Record<Lane, number>> = { high: 6, normal: 3, low: 1 };

/**
 * Work that gets a place; the place is free again when its promise settles. It must not reject. It calls `entered` once it has a
 * place at the provider too, or gives `again` where there is none.
 */
export type Job = (entered: () => void) => Promise<'done' | 'again'>;

interface Waiting {
  readonly lane: Lane;
  readonly job: Job;
  /** The order in which they came. */
  readonly order: number;
  /** What the lanes could claim before it was taken out; absent where it never waited. */
  claims?: Record<Lane, number>;
}

const totalWeight = lanes.reduce((sum, lane) => sum + laneWeights[lane], 0);
/** How much the latest job weighs in the running mean of how long jobs take. */
const smoothing = 0.2;
/** How often it is tried whether another worker has left a place, more or less: workers must not all try at once. */
const tryAgainMs = 50;

/** At most `concurrency` jobs run, at most `limit` wait. */
export class LaneQueue {
  readonly #concurrency: number;
  readonly #limit: number;
  readonly #waiting: Readonly<Record<Lane, Waiting[]>> = { high: [], normal: [], low: [] };
  readonly #credit: Record<Lane, number> = { high: 0, normal: 0, low: 0 };
  #running = 0;
  #came = 0;
  #meanMs = 1000;
  /** The provider has no place; whether somebody tries just now, and when the next may. */
  #isFull = false;
  #isTried = false;
  #next: NodeJS.Timeout | undefined;

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
    this.#came += 1;
    const entry: Waiting = { lane, job, order: this.#came };
    if (this.#running < this.#concurrency && !this.#isFull) {
      this.#start(entry);
      return () => this.#withdraw(entry);
    }
    if (this.waiting >= this.#limit) {
      const retryAfterMs = Math.ceil((this.#meanMs * (this.waiting + 1)) / this.#concurrency);
      throw new RefrainError('overloaded', "The provider's queue is full.", { reason: 'BUSY', retryAfterMs });
    }
    this.#waiting[lane].push(entry);
    return () => this.#withdraw(entry);
  }

  #withdraw(entry: Waiting): boolean {
    const list = this.#waiting[entry.lane];
    const place = list.indexOf(entry);
    if (place === -1) return false;
    list.splice(place, 1);
    if (list.length === 0) this.#credit[entry.lane] = 0;
    return true;
  }

  #start(entry: Waiting): void {
    this.#running += 1;
    const began = performance.now();
    const isTry = this.#isFull;
    if (isTry) this.#isTried = true;
    const entered = () => {
      if (!isTry) return;
      this.#isTried = false;
      this.#tryNext();
    };
    const over = (end: 'done' | 'again') => {
      this.#running -= 1;
      if (isTry) this.#isTried = false;
      if (end === 'again') this.#putBack(entry);
      else this.#meanMs += smoothing * (performance.now() - began - this.#meanMs);
      if (this.#isFull && end === 'done') this.#tryNext();
      else if (!this.#isFull) this.#fill();
    };
    entry.job(entered).then(over, () => over('done'));
  }

  /** To where it stood in its lane; the lane has its turn back. */
  #putBack(entry: Waiting): void {
    const list = this.#waiting[entry.lane];
    const place = list.findIndex(({ order }) => order > entry.order);
    list.splice(place === -1 ? list.length : place, 0, entry);
    // A try in vain is nobody's turn: else the heavier lane would gain by every one.
    Object.assign(this.#credit, entry.claims);
    this.#isFull = true;
    this.#next ??= setTimeout(
      () => {
        this.#next = undefined;
        this.#tryNext();
      },
      tryAgainMs * (0.5 + Math.random()),
    );
  }

  #tryNext(): void {
    if (this.#isTried || this.#running >= this.#concurrency) return;
    clearTimeout(this.#next);
    this.#next = undefined;
    const entry = this.#take();
    if (entry) this.#start(entry);
    else this.#isFull = false;
  }

  #fill(): void {
    const entry = this.#running < this.#concurrency ? this.#take() : undefined;
    if (entry) this.#start(entry);
  }

  /** Smooth weighted round robin over the lanes that wait. */
  #take(): Waiting | undefined {
    const claims = { ...this.#credit };
    let chosen: Lane | undefined;
    for (const lane of lanes) {
      if (this.#waiting[lane].length === 0) continue;
      this.#credit[lane] += laneWeights[lane];
      if (chosen === undefined || this.#credit[lane] > this.#credit[chosen]) chosen = lane;
    }
    if (chosen === undefined) return undefined;
    const entry = this.#waiting[chosen].shift();
    if (entry) entry.claims = claims;
    this.#credit[chosen] -= totalWeight;
    if (this.#waiting[chosen].length === 0) this.#credit[chosen] = 0;
    return entry;
  }
}
