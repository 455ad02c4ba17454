/**
 * The keys of a provider, shared by all its workers through Redis: one round trip for a lease, none that anybody waits for to give it
 * back. While Redis is away the pool goes on by what this process knows; what it did meanwhile it tells Redis afterwards.
 */
import type { RefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import { CallReports } from './call-reports.ts';
import type { Days } from './day.ts';
import { outcomeOf } from './decide.ts';
import type { PooledKey } from './key-set.ts';
import type { KeyPool, Lease, LeaseQuery, Settlement, ToldHead } from './lease.ts';
import { LocalPool, type Refusal, type Taken, toRefusal } from './local-pool.ts';
import { createPoolClock, type PoolClock } from './pool-clock.ts';
import type { PoolPlan } from './pool-plan.ts';
import type { PoolWatcher } from './pool-watcher.ts';
import type { ModelRecord } from './records.ts';
import { RedisPool, type RedisPoolParts, readFound } from './redis-pool.ts';

/** What a pool is made of. */
export interface SharedPoolParts extends Omit<RedisPoolParts, 'clock'> {
  readonly days: Pick<Days, 'around'>;
  readonly log: Logger;
  readonly watcher: PoolWatcher;
  /** After so long a key that was refused is probed for the first time. */
  readonly probeMs: number;
  /** Milliseconds since 1970, for tests that move it; absent: Redis' clock, and this machine's while that is away. */
  readonly clock?: { now(): number } | undefined;
}

/** What checks are told under: what they find rests no model. No model is called so. */
const checkModel = '@check';

/** A pool shared by the workers of one provider. */
export class SharedPool implements KeyPool {
  readonly local: LocalPool;
  readonly #redis: RedisPool;
  readonly #clock: PoolClock;
  readonly #parts: SharedPoolParts;
  readonly #reports: CallReports;
  /** Under way in this process, by attempt. */
  readonly #leases: Map<string, Lease> = new Map();
  #keys: ReadonlyMap<string, PooledKey> = new Map();
  #plan: PoolPlan;

  constructor(parts: SharedPoolParts, keys: readonly PooledKey[], plan: PoolPlan) {
    this.#parts = parts;
    this.#plan = plan;
    this.#clock = createPoolClock(parts.clock);
    this.local = new LocalPool(parts.days);
    this.#redis = new RedisPool({ ...parts, clock: this.#clock }, parts.days);
    const running = () => this.#leases.size;
    this.#reports = new CallReports({ ...parts, redis: this.#redis, clock: this.#clock, running });
    this.replaceKeys(keys, plan);
  }

  /** The keys that may be leased. */
  get keys(): ReadonlyMap<string, PooledKey> {
    return this.#keys;
  }

  /** Leases under way in this process. */
  get leases(): readonly Lease[] {
    return [...this.#leases.values()];
  }

  /** Whether Redis answered the last time it was asked. */
  get isShared(): boolean {
    return !this.#reports.isAway;
  }

  /** Milliseconds since 1970, by this process. */
  now(): number {
    return this.#clock.now();
  }

  /** Other keys and limits from now on; what is under way with a key that is gone goes on. */
  replaceKeys(keys: readonly PooledKey[], plan: PoolPlan, days: Pick<Days, 'around'> = this.local.days): void {
    this.#keys = new Map(keys.map((key) => [key.id, key]));
    this.#plan = plan;
    this.#redis.plan = plan;
    this.#redis.days = days;
    this.local.days = days;
  }

  async lease(query: LeaseQuery): Promise<Lease> {
    const reply = await this.#ask(query, { take: true });
    const local = reply === undefined;
    const found = reply ?? this.local.lease(this.#plan, query, this.now());
    if ('why' in found) throw this.#refuse(found, query);
    const { at, counters, id, probe, used } = found;
    const key = this.#keys.get(id);
    // Retired in this very moment: the plan has it no more.
    if (!key) throw toRefusal({ why: 'wait', ms: 1 });
    if (!local) this.local.take(found, query, this.now());
    const { attemptId, model, want } = query;
    const lease: Lease = { key, attemptId, model, want, at, probe, counters, local };
    this.#leases.set(attemptId, lease);
    if (local) this.#reports.takenAlone(lease);
    this.#parts.watcher.used(id, used);
    return lease;
  }

  async available(query: LeaseQuery): Promise<boolean> {
    const reply = await this.#ask(query, { take: false });
    if (reply === undefined) return this.local.available(this.#plan, query, this.now());
    return !('why' in reply) || reply.why === 'busy';
  }

  told(lease: Lease, head: ToldHead): void {
    const isNews = head.limits !== undefined || (head.isTaken && lease.probe);
    if (!isNews) return;
    this.local.hear(lease, head, this.now());
    const { counters } = lease;
    const windows = head.limits?.map((window) => window ?? false);
    this.#reports.tell(lease, { outcome: 'told', counters, windows, open: head.isTaken && lease.probe });
  }

  settle(lease: Lease, settlement: Settlement): void {
    const outcome = outcomeOf(settlement);
    this.#leases.delete(lease.attemptId);
    const { key, model, want, probe, at } = lease;
    const known = this.local.settle({ id: key.id, model, at, probe, want }, outcome, this.#moment());
    this.#reports.ended(lease, outcome, known);
    if (outcome.outcome === 'denied') this.#parts.watcher.denied(key.id, outcome.reason);
  }

  /** Learns of a key what was found without a call: that it is refused, or that its provider fails. */
  report(id: string, error: RefrainError): void {
    const key = this.#keys.get(id);
    if (!key || error.code === 'upstream_exhausted') return;
    const outcome = outcomeOf({ kind: 'ended', tokens: 0, error });
    const moment = this.#moment();
    const none = { model: checkModel, want: { promptTokens: 0, outputTokens: 0 }, probe: false, at: moment.now };
    this.local.settle({ id, ...none }, outcome, { ...moment, isCheck: true });
    const lease: Lease = { key, attemptId: checkModel, ...none, counters: [0, 0, 0], local: false };
    this.#reports.tell(lease, { ...outcome, ...moment });
    if (outcome.outcome === 'denied') this.#parts.watcher.denied(id, outcome.reason);
  }

  /** Whether a key that is out is to be probed now, and by us. @throws RefrainError when Redis is away */
  claimProbe(id: string): Promise<boolean> {
    return this.#redis.probe(id, 'claim');
  }

  /** Says how a probe went: the key is back, for one request at first, or out for twice as long. @throws RefrainError when Redis is away */
  async probed(id: string, isAlive: boolean): Promise<void> {
    const isOurs = await this.#redis.probe(id, isAlive ? 'alive' : 'dead');
    if (isOurs && isAlive) this.local.revive(id, this.now());
  }

  /** Tells Redis what was done while it was away. @throws RefrainError when it still is */
  catchUp(): Promise<void> {
    return this.#reports.catchUp();
  }

  /** Says that this process' leases go on: without it they end after 15 s. @throws RefrainError when Redis is away */
  renew(): Promise<void> {
    return this.#redis.renew(this.leases.filter(({ attemptId }) => !this.#reports.hasMissed(attemptId)));
  }

  /**
   * Says which keys this process has (a Redis that has lost its data learns their last known state), then reads what is known of
   * all. @throws RefrainError when Redis is away
   */
  async synchronize(): Promise<void> {
    await this.#redis.announce([...this.#keys.values()], (id) => this.local.keys.get(id));
    const records = await this.#redis.readKeys();
    const models = new Map<string, Map<string, ModelRecord>>();
    for (const model of this.local.models) models.set(model, await this.#redis.readModel(model));
    await this.#redis.forgetGone(records);
    // What was taken here meanwhile is told first; until then this process knows better.
    if (this.#reports.isComplete) this.local.replace(records, models);
  }

  async #ask(query: LeaseQuery, how: { take: boolean }): Promise<Taken | Refusal | undefined> {
    try {
      const found = readFound(await this.#redis.lease(query, { ...how, forced: '', running: this.#leases.size }));
      this.#reports.answered();
      return found;
    } catch (error) {
      this.#reports.failed(error);
      return undefined;
    }
  }

  #moment(): { now: number; probeMs: number } {
    return { now: this.now(), probeMs: this.#parts.probeMs };
  }

  #refuse(refusal: Refusal, query: LeaseQuery): RefrainError {
    const { why } = refusal;
    if ((why === 'denied' || why === 'wait') && query.excluded.length === 0) this.#parts.watcher.refused(why);
    return toRefusal(refusal);
  }
}
