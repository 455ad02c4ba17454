/**
 * What Redis hears of calls: at once, without anybody waiting for it, and afterwards where it was away. Whether it is away is known
 * here too, from what became of all that was said to it about calls.
 */
import type { Logger } from '@refrain/service';
import type { KeyRecord } from '@refrain/state';
import type { Outcome } from './decide.ts';
import type { Lease } from './lease.ts';
import { MissedCalls } from './missed-calls.ts';
import type { PoolClock } from './pool-clock.ts';
import type { PoolWatcher } from './pool-watcher.ts';
import { type RedisPool, readFound } from './redis-pool.ts';

/** What calls are reported with. */
export interface CallReportsParts {
  readonly provider: string;
  readonly redis: RedisPool;
  readonly clock: PoolClock;
  readonly log: Logger;
  readonly watcher: Pick<PoolWatcher, 'ended'>;
  /** After so long a key that was refused is probed for the first time. */
  readonly probeMs: number;
  /** Leases under way in this process. */
  readonly running: () => number;
}

/** The reports of one pool. */
export class CallReports {
  readonly #parts: CallReportsParts;
  readonly #missed: MissedCalls = new MissedCalls();
  #isAway = false;

  constructor(parts: CallReportsParts) {
    this.#parts = parts;
  }

  /** Whether Redis did not answer the last time, or has not yet heard of all calls. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Whether Redis has heard of all calls. */
  get isComplete(): boolean {
    return this.#missed.isNone;
  }

  /** Whether Redis has yet to hear of a call. */
  hasMissed(attemptId: string): boolean {
    return this.#missed.of(attemptId) !== undefined;
  }

  /** Redis answered. */
  answered(): void {
    if (this.#missed.isNone) this.#isAway = false;
  }

  /** Redis is away, or does not do what it should: either way the call goes on without it. */
  failed(error: unknown): void {
    const { log, provider } = this.#parts;
    if (!this.#isAway) log.warn({ provider, err: error }, 'the key pool goes on without Redis');
    this.#isAway = true;
  }

  /** A key was taken without Redis. */
  takenAlone(lease: Lease): void {
    this.#missed.add(lease);
  }

  /** Tells what matters now or not at all. */
  tell(lease: Lease, what: object): void {
    if (this.hasMissed(lease.attemptId)) return;
    this.#tell(lease, what).catch((error: unknown) => this.failed(error));
  }

  /** Tells that a call ended; `known` is its key's record in this process. */
  ended(lease: Lease, outcome: Outcome, known: KeyRecord): void {
    const missed = this.#missed.of(lease.attemptId);
    if (missed) {
      missed.outcome = outcome;
      this.#parts.watcher.ended(lease.key.id, known.windowCalls, known.windowErrors);
      return;
    }
    this.#tellEnd(lease, outcome).catch((error: unknown) => this.failed(error));
  }

  /** Tells what was done while Redis was away. @throws RefrainError when it still is */
  async catchUp(): Promise<void> {
    await this.#missed.tell({
      lease: (lease) => this.#tellLease(lease),
      end: (lease, outcome) => this.#tellEnd(lease, outcome),
    });
    this.#isAway = false;
  }

  /** A lease that was taken here is one in Redis too. */
  async #tellLease(lease: Lease): Promise<Lease> {
    const manner = { take: true, forced: lease.key.id, running: this.#parts.running() };
    const found = readFound(await this.#parts.redis.lease({ ...lease, excluded: [] }, manner));
    return 'why' in found ? lease : { ...lease, at: found.at, probe: found.probe };
  }

  /** What Redis does not hear now it hears later. @throws RefrainError when it is away */
  async #tellEnd(lease: Lease, outcome: Outcome): Promise<void> {
    const { clock, probeMs } = this.#parts;
    try {
      await this.#tell(lease, { ...outcome, now: clock.now(), probeMs });
    } catch (error) {
      this.#missed.add({ ...lease, local: false }).outcome = outcome;
      throw error;
    }
  }

  async #tell(lease: Lease, what: object): Promise<void> {
    const [calls = 0, errors = 0] = await this.#parts.redis.settle(lease, what);
    if (calls > 0) this.#parts.watcher.ended(lease.key.id, calls, errors);
  }
}
