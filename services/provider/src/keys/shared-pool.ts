/**
 * The keys of a provider, shared by all its workers through Redis: one round trip for a lease, none that anybody waits for to give it
 * back. While Redis is away the pool goes on by what this process knows; what it did meanwhile it tells Redis afterwards.
 */
import { randomUUID } from 'node:crypto';
import type { RefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import { formatKeyRecord, type KeyRecord, keyPoolNames, readKeyRecords, type State } from '@refrain/state';
import type { Days } from './day.ts';
import { type Outcome, outcomeOf, wants } from './decide.ts';
import type { PooledKey } from './key-set.ts';
import type { KeyPool, Lease, LeaseQuery, Settlement, ToldHead } from './lease.ts';
import { LocalPool, type Refusal, type Taken, toRefusal } from './local-pool.ts';
import type { PoolPlan } from './pool-plan.ts';
import { leaseMs, type ModelRecord, parseModelRecord } from './records.ts';
import { keepScript, probeScript } from './scripts/keep.ts';
import { leaseScript } from './scripts/lease.ts';
import { settleScript } from './scripts/settle.ts';

/** What a pool tells those who watch over it. */
export interface PoolWatcher {
  /** A key was taken; the share of its tightest quota that is now used. */
  used(id: string, share: number): void;
  /** A call of a key ended; calls and errors of the last minutes. */
  ended(id: string, calls: number, errors: number): void;
  /** No key could be given, to a request that had tried none. */
  refused(why: 'denied' | 'wait'): void;
}

/** What a pool is made of. */
export interface SharedPoolParts {
  readonly provider: string;
  readonly state: Pick<State, 'script' | 'command'>;
  readonly days: Pick<Days, 'around'>;
  readonly log: Logger;
  readonly watcher: PoolWatcher;
  /** After so long a key that was refused is probed for the first time. */
  readonly probeMs: number;
  /** Milliseconds since 1970, for tests that move it; absent: Redis' clock, and this machine's while that is away. */
  readonly clock?: { now(): number } | undefined;
}

/** A call whose lease or settlement Redis has not heard of. */
interface Missed {
  readonly lease: Lease;
  /** Absent while it is under way. */
  outcome?: Outcome;
}

/** More outages than anybody has: the oldest are forgotten. */
const mostMissed = 10_000;
const forgottenAfterMs = 30 * 86_400_000;
/** What checks are told under: what they find rests no model. No model is called so. */
const checkModel = '@check';
/** A script must not hold Redis up: a few keys are 0.2 ms. */
const keysAtOnce = 25;

/** A pool shared by the workers of one provider. */
export class SharedPool implements KeyPool {
  readonly local: LocalPool;
  /** What the others know this process' pool by. */
  readonly #worker = randomUUID();
  readonly #parts: SharedPoolParts;
  readonly #lease: ReturnType<State['script']>;
  readonly #settle: ReturnType<State['script']>;
  readonly #keep: ReturnType<State['script']>;
  readonly #probe: ReturnType<State['script']>;
  readonly #missed: Map<string, Missed> = new Map();
  readonly #leases: Map<string, Lease> = new Map();
  #keys: ReadonlyMap<string, PooledKey> = new Map();
  #plan: PoolPlan;
  #planJson = '';
  #days: Pick<Days, 'around'>;
  #isAway = false;

  constructor(parts: SharedPoolParts, keys: readonly PooledKey[], plan: PoolPlan) {
    this.#parts = parts;
    this.#plan = plan;
    this.#days = parts.days;
    this.local = new LocalPool(parts.days);
    this.#lease = parts.state.script(leaseScript);
    this.#settle = parts.state.script(settleScript);
    this.#keep = parts.state.script(keepScript);
    this.#probe = parts.state.script(probeScript);
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
    return !this.#isAway;
  }

  /** Other keys and limits from now on; what is under way with a key that is gone goes on. */
  replaceKeys(keys: readonly PooledKey[], plan: PoolPlan, days: Pick<Days, 'around'> = this.#days): void {
    this.#days = days;
    this.local.days = days;
    this.#keys = new Map(keys.map((key) => [key.id, key]));
    this.#plan = plan;
    this.#planJson = JSON.stringify(plan);
  }

  async lease(query: LeaseQuery): Promise<Lease> {
    const reply = await this.#ask(query, { take: true });
    const isLocal = reply === undefined;
    const found = reply ?? this.local.lease(this.#plan, query, this.now());
    if ('why' in found) throw this.#refuse(found, query);
    const key = this.#keys.get(found.id);
    // Retired in this very moment: the plan has it no more.
    if (!key) throw toRefusal({ why: 'wait', ms: 1 });
    if (!isLocal) this.local.take(found, query, this.now());
    const { attemptId, model, want } = query;
    const lease: Lease = {
      key,
      attemptId,
      model,
      want,
      at: found.at,
      probe: found.probe,
      counters: found.counters,
      local: isLocal,
    };
    this.#leases.set(attemptId, lease);
    if (isLocal) this.#miss(lease);
    this.#parts.watcher.used(found.id, found.used);
    return lease;
  }

  async available(query: LeaseQuery): Promise<boolean> {
    const reply = await this.#ask(query, { take: false });
    if (reply === undefined) return this.local.available(this.#plan, query, this.now());
    return !('why' in reply) || reply.why === 'busy';
  }

  settle(lease: Lease, settlement: Settlement): void {
    const outcome = outcomeOf(settlement);
    this.#leases.delete(lease.attemptId);
    const at = { now: this.now(), probeMs: this.#parts.probeMs };
    const { key, model, want, probe, attemptId } = lease;
    const known = this.local.settle({ id: key.id, model, at: lease.at, probe, want }, outcome, at);
    const missed = this.#missed.get(attemptId);
    if (missed) {
      missed.outcome = outcome;
      this.#parts.watcher.ended(key.id, known.windowCalls, known.windowErrors);
      return;
    }
    void this.#tellOutcome(lease, outcome).catch((error: unknown) => this.#fault(error));
  }

  /** What Redis does not hear now it hears later. @throws RefrainError when it is away */
  async #tellOutcome(lease: Lease, outcome: Outcome): Promise<void> {
    try {
      await this.#tell(lease, { ...outcome, now: this.now(), probeMs: this.#parts.probeMs });
    } catch (error) {
      this.#miss({ ...lease, local: false }).outcome = outcome;
      throw error;
    }
  }

  /** Learns of a key what was found without a call: that it is refused, or that its provider fails. */
  report(id: string, error: RefrainError): void {
    const key = this.#keys.get(id);
    if (!key || error.code === 'upstream_exhausted') return;
    const outcome = outcomeOf({ kind: 'ended', tokens: 0, error });
    const at = { now: this.now(), probeMs: this.#parts.probeMs };
    const none = { model: checkModel, want: { promptTokens: 0, outputTokens: 0 }, probe: false, at: at.now };
    this.local.settle({ id, ...none }, outcome, { ...at, isCheck: true });
    const lease: Lease = { key, attemptId: checkModel, ...none, counters: [0, 0, 0], local: false };
    this.#tell(lease, { ...outcome, ...at }).catch((fault: unknown) => this.#fault(fault));
  }

  told(lease: Lease, head: ToldHead): void {
    const isNews = head.limits !== undefined || (head.isTaken && lease.probe);
    if (!isNews) return;
    this.local.hear(lease, head, this.now());
    if (this.#missed.has(lease.attemptId)) return;
    const { counters } = lease;
    const windows = head.limits?.map((window) => window ?? false);
    this.#tell(lease, { outcome: 'told', counters, windows, open: head.isTaken && lease.probe }).catch((error) =>
      this.#fault(error),
    );
  }

  /** Tells Redis what was done while it was away. @throws RefrainError when it still is */
  async catchUp(): Promise<void> {
    for (const [attemptId, missed] of this.#missed) {
      const { lease } = missed;
      const told = lease.local ? await this.#tellLease(lease) : lease;
      // It may have ended in the meantime.
      const { outcome } = missed;
      this.#missed.delete(attemptId);
      if (outcome) await this.#tellOutcome(told, outcome);
    }
    this.#isAway = false;
  }

  /** Whether a key that is out is to be probed now, and by us. @throws RefrainError when Redis is away */
  claimProbe(id: string): Promise<boolean> {
    return this.#probing(id, 'claim');
  }

  /** Says how a probe went: the key is back, for one request at first, or out for twice as long. @throws RefrainError when Redis is away */
  async probed(id: string, isAlive: boolean): Promise<void> {
    if (await this.#probing(id, isAlive ? 'alive' : 'dead')) {
      if (isAlive) this.local.revive(id, this.now());
    }
  }

  async #probing(id: string, what: 'claim' | 'alive' | 'dead'): Promise<boolean> {
    return (await this.#probe(this.names('m'), [this.toldTime, id, what])) === 1;
  }

  /** Says that this process' leases go on: without it they end after 15 s. @throws RefrainError when Redis is away */
  async renew(): Promise<void> {
    const leases = this.leases.filter(({ attemptId }) => !this.#missed.has(attemptId));
    if (leases.length > 0) await this.#say([], leases);
  }

  /**
   * Says which keys this process has (a Redis that has lost its data learns their last known state), then reads what is known of
   * all. @throws RefrainError when Redis is away
   */
  async synchronize(): Promise<void> {
    const keys = [...this.#keys.values()];
    for (let i = 0; i < keys.length; i += keysAtOnce) await this.#say(keys.slice(i, i + keysAtOnce), []);
    const records = await readKeyRecords(this.#parts.state, this.#parts.provider);
    const models = new Map<string, Map<string, ModelRecord>>();
    for (const model of this.local.models) models.set(model, await this.#readModel(model));
    await this.#forgetGone(records);
    // What was taken here meanwhile is told first; until then this process knows better.
    if (this.#missed.size === 0) this.local.replace(records, models);
  }

  /** Keys that no worker has had for a month are not kept, but for those that an operator took out. */
  async #forgetGone(records: ReadonlyMap<string, KeyRecord>): Promise<void> {
    const since = this.now() - forgottenAfterMs;
    const isGone = ({ seenAt, addedAt, lastUsedAt, disabled }: KeyRecord) =>
      Math.max(seenAt, addedAt, lastUsedAt) < since && disabled !== 'OPERATOR';
    const gone = [...records].flatMap(([id, record]) => (isGone(record) ? [id] : []));
    if (gone.length > 0) await this.#parts.state.command('HDEL', this.names('m')[0] ?? '', ...gone);
  }

  async #readModel(model: string): Promise<Map<string, ModelRecord>> {
    const name = keyPoolNames(this.#parts.provider).modelOf(model);
    const flat = (await this.#parts.state.command('HGETALL', name)) as string[];
    const read = new Map<string, ModelRecord>();
    for (let i = 0; i + 1 < flat.length; i += 2) read.set(flat[i] ?? '', parseModelRecord(flat[i + 1] ?? ''));
    return read;
  }

  async #say(keys: readonly PooledKey[], leases: readonly Lease[]): Promise<void> {
    const known = (record: KeyRecord | undefined) => (record ? formatKeyRecord(record) : '');
    const said = {
      keys: keys.map(({ id, group }) => [id, group.name, known(this.local.keys.get(id))]),
      leases: leases.map(({ key, attemptId }) => `${key.id}:${attemptId}`),
      leaseMs,
    };
    await this.#keep(this.names('m'), [this.toldTime, JSON.stringify(said)]);
  }

  /** Milliseconds since 1970, by this process. */
  now(): number {
    return this.#parts.clock?.now() ?? Date.now();
  }

  /** The time as scripts take it: empty for Redis' own. */
  get toldTime(): string {
    return this.#parts.clock === undefined ? '' : String(this.#parts.clock.now());
  }

  /** The names of the pool's hashes. */
  names(model: string): string[] {
    const { records, leases, modelOf } = keyPoolNames(this.#parts.provider);
    return [records, leases, modelOf(model)];
  }

  async #ask(query: LeaseQuery, how: { take: boolean }): Promise<Taken | Refusal | undefined> {
    try {
      const reply = toReply(await this.#run(query, { ...how, forced: '' }));
      if (this.#missed.size === 0) this.#isAway = false;
      return reply;
    } catch (error) {
      this.#fault(error);
      return undefined;
    }
  }

  #run(query: LeaseQuery, how: { take: boolean; forced: string }): Promise<unknown> {
    const { attemptId, model, want, excluded, preferred = '' } = query;
    const midnights = this.#days.around(this.now());
    const ask = {
      attempt: attemptId,
      want: wants(want),
      excluded: excluded.join(' '),
      preferred,
      leaseMs,
      midnights,
      worker: this.#worker,
      running: this.#leases.size,
      ...how,
    };
    return this.#lease(this.names(model), [this.toldTime, JSON.stringify(ask), this.#planJson]);
  }

  /** A lease that was taken here is one in Redis too. */
  async #tellLease(lease: Lease): Promise<Lease> {
    const reply = toReply(await this.#run({ ...lease, excluded: [] }, { take: true, forced: lease.key.id }));
    return 'why' in reply ? lease : { ...lease, at: reply.at, probe: reply.probe };
  }

  async #tell(lease: Lease, what: object): Promise<void> {
    const { key, attemptId, model, want, at, probe } = lease;
    const midnights = this.#days.around(this.now());
    const said = { id: key.id, attempt: attemptId, want: wants(want), at, probe, midnights, ...what };
    const reply = await this.#settle(this.names(model), [this.toldTime, JSON.stringify(said)]);
    const [calls = 0, errors = 0] = reply as number[];
    if (calls > 0) this.#parts.watcher.ended(key.id, calls, errors);
  }

  #refuse(refusal: Refusal, query: LeaseQuery): RefrainError {
    const { why } = refusal;
    if ((why === 'denied' || why === 'wait') && query.excluded.length === 0) this.#parts.watcher.refused(why);
    return toRefusal(refusal);
  }

  #miss(lease: Lease): Missed {
    const missed: Missed = this.#missed.get(lease.attemptId) ?? { lease };
    this.#missed.set(lease.attemptId, missed);
    const [oldest] = this.#missed.keys();
    if (this.#missed.size > mostMissed && oldest !== undefined) this.#missed.delete(oldest);
    return missed;
  }

  /** Redis is away, or does not do what it should: either way the call goes on without it. */
  #fault(error: unknown): void {
    if (!this.#isAway)
      this.#parts.log.warn({ provider: this.#parts.provider, err: error }, 'the key pool goes on without Redis');
    this.#isAway = true;
  }
}

function toReply(reply: unknown): Taken | Refusal {
  const [kind, ...values] = reply as [string, ...(string | number)[]];
  if (kind === 'wait') return { why: 'wait', ms: Number(values[0]) };
  if (kind === 'denied' || kind === 'tried' || kind === 'busy') return { why: kind };
  const [id = '', at = 0, probe = 0, used = 0, leased = 0, prompt = 0, output = 0] = values;
  const counters = [Number(leased), Number(prompt), Number(output)] as const;
  return { id: String(id), at: Number(at), probe: probe === 1, used: Number(used) / 1000, counters };
}
