/** The pool in Redis: its names there, what its scripts are told and what they reply. All of it throws RefrainError when Redis is away. */
import { randomUUID } from 'node:crypto';
import { formatKeyRecord, type KeyRecord, keyPoolNames, readKeyRecords, type State } from '@refrain/state';
import type { Days } from './day.ts';
import { wants } from './decide.ts';
import type { PooledKey } from './key-set.ts';
import type { Lease, LeaseQuery } from './lease.ts';
import type { Refusal, Taken } from './local-pool.ts';
import type { PoolClock } from './pool-clock.ts';
import type { PoolPlan } from './pool-plan.ts';
import { leaseMs, type ModelRecord, parseModelRecord } from './records.ts';
import { keepScript, probeScript } from './scripts/keep.ts';
import { leaseScript } from './scripts/lease.ts';
import { settleScript } from './scripts/settle.ts';

/** What it is reached with. */
export interface RedisPoolParts {
  readonly provider: string;
  readonly state: Pick<State, 'script' | 'command'>;
  readonly clock: PoolClock;
}

/** How a key is asked for, beside the query. */
export interface LeaseManner {
  /** Otherwise it is only looked whether there is one. */
  readonly take: boolean;
  /** A key that is taken already, whatever speaks against it; empty: none. */
  readonly forced: string;
  /** Leases under way in this process. */
  readonly running: number;
}

/** A script must not hold Redis up: a few keys are 0.2 ms. */
const keysAtOnce = 25;
const forgottenAfterMs = 30 * 86_400_000;

/** What one process says to Redis of a provider's keys. */
export class RedisPool {
  days: Pick<Days, 'around'>;
  readonly #parts: RedisPoolParts;
  readonly #names: ReturnType<typeof keyPoolNames>;
  readonly #lease: ReturnType<State['script']>;
  readonly #settle: ReturnType<State['script']>;
  readonly #keep: ReturnType<State['script']>;
  readonly #probe: ReturnType<State['script']>;
  /** What the others know this process' pool by. */
  readonly #worker = randomUUID();
  #planJson = '';

  constructor(parts: RedisPoolParts, days: Pick<Days, 'around'>) {
    const { provider, state } = parts;
    this.days = days;
    this.#parts = parts;
    this.#names = keyPoolNames(provider);
    this.#lease = state.script(leaseScript);
    this.#settle = state.script(settleScript);
    this.#keep = state.script(keepScript);
    this.#probe = state.script(probeScript);
  }

  /** What leases go by from now on. */
  set plan(plan: PoolPlan) {
    this.#planJson = JSON.stringify(plan);
  }

  /** Asks for a key; the reply is for `readFound`, so that a lease waits for one promise less. */
  lease(query: LeaseQuery, manner: LeaseManner): Promise<unknown> {
    const { attemptId, model, want, excluded, preferred = '' } = query;
    const ask = {
      attempt: attemptId,
      want: wants(want),
      excluded: excluded.join(' '),
      preferred,
      leaseMs,
      midnights: this.#midnights(),
      worker: this.#worker,
      ...manner,
    };
    return this.#lease(this.#keys(model), [this.#parts.clock.told, JSON.stringify(ask), this.#planJson]);
  }

  /** Tells what became of a call, or what its reply's head said. Gives the calls and errors of the key in the last minutes. */
  settle(lease: Lease, what: object): Promise<readonly number[]> {
    const { key, attemptId, model, want, at, probe } = lease;
    const midnights = this.#midnights();
    const said = { id: key.id, attempt: attemptId, want: wants(want), at, probe, midnights, ...what };
    const counts = this.#settle(this.#keys(model), [this.#parts.clock.told, JSON.stringify(said)]);
    return counts as Promise<readonly number[]>;
  }

  /** Says which keys this process has; a Redis that has lost its data learns what is known of them. */
  async announce(keys: readonly PooledKey[], known: (id: string) => KeyRecord | undefined): Promise<void> {
    const said = ({ id, group }: PooledKey) => {
      const record = known(id);
      return [id, group.name, record ? formatKeyRecord(record) : ''];
    };
    for (let i = 0; i < keys.length; i += keysAtOnce) await this.#say(keys.slice(i, i + keysAtOnce).map(said), []);
  }

  /** Says that leases go on: without it they end after 15 s. */
  async renew(leases: readonly Lease[]): Promise<void> {
    const said = leases.map(({ key, attemptId }) => `${key.id}:${attemptId}`);
    if (said.length > 0) await this.#say([], said);
  }

  /** Claims the probe of a key that is out, or says how it went; gives whether it was ours to do. */
  async probe(id: string, what: 'claim' | 'alive' | 'dead'): Promise<boolean> {
    return (await this.#probe(this.#keys('m'), [this.#parts.clock.told, id, what])) === 1;
  }

  /** What is known of the keys, by their hash. */
  readKeys(): Promise<Map<string, KeyRecord>> {
    return readKeyRecords(this.#parts.state, this.#parts.provider);
  }

  /** What is known of the keys for one model, by their hash. */
  async readModel(model: string): Promise<Map<string, ModelRecord>> {
    const flat = (await this.#parts.state.command('HGETALL', this.#names.modelOf(model))) as string[];
    const read = new Map<string, ModelRecord>();
    for (let i = 0; i + 1 < flat.length; i += 2) read.set(flat[i] ?? '', parseModelRecord(flat[i + 1] ?? ''));
    return read;
  }

  /** Keys that no worker has had for a month are not kept, but for those that an operator took out. */
  async forgetGone(records: ReadonlyMap<string, KeyRecord>): Promise<void> {
    const since = this.#parts.clock.now() - forgottenAfterMs;
    const isGone = ({ seenAt, addedAt, lastUsedAt, disabled }: KeyRecord) =>
      Math.max(seenAt, addedAt, lastUsedAt) < since && disabled !== 'OPERATOR';
    const gone = [...records].flatMap(([id, record]) => (isGone(record) ? [id] : []));
    if (gone.length > 0) await this.#parts.state.command('HDEL', this.#names.records, ...gone);
  }

  async #say(keys: readonly (readonly string[])[], leases: readonly string[]): Promise<void> {
    await this.#keep(this.#keys('m'), [this.#parts.clock.told, JSON.stringify({ keys, leases, leaseMs })]);
  }

  #midnights(): readonly number[] {
    return this.days.around(this.#parts.clock.now());
  }

  /** The hashes that scripts work on. */
  #keys(model: string): string[] {
    const { records, leases, modelOf } = this.#names;
    return [records, leases, modelOf(model)];
  }
}

/** Reads what `lease` replied. */
export function readFound(reply: unknown): Taken | Refusal {
  const [kind, ...values] = reply as [string, ...(string | number)[]];
  if (kind === 'wait') return { why: 'wait', ms: Number(values[0]) };
  if (kind === 'denied' || kind === 'tried' || kind === 'busy') return { why: kind };
  const [id = '', at = 0, probe = 0, used = 0, leased = 0, prompt = 0, output = 0] = values;
  const counters = [Number(leased), Number(prompt), Number(output)] as const;
  return { id: String(id), at: Number(at), probe: probe === 1, used: Number(used) / 1000, counters };
}
