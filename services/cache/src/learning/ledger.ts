/**
 * The evidence of partitions, kept in Redis and known here. Counting is memory alone; about every second what was counted is added to
 * Redis, where what was known before fades a little (`fading.ts`), and what all caches have counted comes back. No lookup waits for it but the first hit of a partition, which must know what
 * was learned before.
 */
import { type RefrainError, toRefrainError } from '@refrain/errors';
import type { State } from '@refrain/state';
import type { Partition } from '../entries/partition.ts';
import type { RedisKeys } from '../entries/redis-keys.ts';
import { Evidence, type Field } from './evidence.ts';
import { countEvidence } from './fading.ts';

/** What is learned and not used any more is forgotten after so long. */
export const keptMs: number = 28 * 24 * 3600 * 1000;
/** Partitions known at once; beyond it the one that was not used for longest is read again when it is. */
const maximumKnown = 5000;

/** What the ledger stands on. */
export interface LedgerOptions {
  readonly state: State;
  readonly keys: RedisKeys;
  /** A flush failed; what was counted is kept for the next. */
  readonly onFailure: (error: RefrainError) => void;
}

interface Account {
  readonly partition: Partition;
  /** As Redis last told; undefined where it was not asked yet. */
  known: Evidence | undefined;
  /** Not yet with Redis. */
  pending: Map<Field, number>;
  reading: Promise<Evidence> | undefined;
}

/** The ledger. */
export class Ledger {
  readonly #options: LedgerOptions;
  readonly #count: ReturnType<State['script']>;
  readonly #accounts: Map<string, Account> = new Map();
  #flushing: Promise<void> = Promise.resolve();

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#count = options.state.script(countEvidence);
  }

  /** Counts, in whole numbers. */
  add(partition: Partition, field: Field, by: number = 1): void {
    const { pending } = this.#account(partition);
    pending.set(field, (pending.get(field) ?? 0) + Math.round(by));
  }

  /** What is known without asking; what was counted here in the last second may be missing. */
  known(partition: Partition): Evidence | undefined {
    return this.#account(partition).known;
  }

  /** What is known; asks Redis the first time. @throws RefrainError `unavailable` */
  async read(partition: Partition): Promise<Evidence> {
    const account = this.#account(partition);
    if (account.known) return account.known;
    account.reading ??= this.#read(account).finally(() => {
      account.reading = undefined;
    });
    return account.reading;
  }

  /** As `read`, and what others have counted is in it. @throws RefrainError `unavailable` */
  refresh(partition: Partition): Promise<Evidence> {
    const account = this.#account(partition);
    account.known = undefined;
    return this.read(partition);
  }

  /** Adds to Redis what was counted, and learns what others have. Never throws: what could not be added is added the next time. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(async () => {
      for (const account of [...this.#accounts.values()]) if (account.pending.size > 0) await this.#flush(account);
    });
    return this.#flushing;
  }

  /** The partitions of a tenant that something is known of. @throws RefrainError `unavailable` */
  async partitions(tenant: string): Promise<Partition[]> {
    const names = (await this.#options.state.command('ZRANGE', this.#listKey(tenant), 0, -1)) as string[];
    return names.map((key) => ({ tenant, key }));
  }

  /** What was counted of tenants and not written yet is written no more; resolves when nothing of it is on its way. */
  async forget(isErased: (tenant: string) => boolean): Promise<void> {
    for (const [name, account] of this.#accounts) {
      if (!isErased(account.partition.tenant)) continue;
      // A flush that is under way may have it on its list.
      account.pending.clear();
      this.#accounts.delete(name);
    }
    await this.#flushing;
  }

  async #read(account: Account): Promise<Evidence> {
    const reply = await this.#options.state.command('HGETALL', this.#key(account.partition));
    account.known ??= toEvidence(reply as string[]);
    return account.known;
  }

  async #flush(account: Account): Promise<void> {
    const { partition } = account;
    const key = this.#key(partition);
    const list = this.#listKey(partition.tenant);
    const leaving = [...account.pending];
    account.pending = new Map();
    try {
      const reply = await this.#count([key, list], [partition.key, Date.now(), keptMs, ...leaving.flat()]);
      account.known = toEvidence(reply as string[]);
    } catch (thrown) {
      // Added twice at worst, where Redis had taken it before it fell silent: all of a second's counts alike.
      for (const [field, by] of leaving) account.pending.set(field, (account.pending.get(field) ?? 0) + by);
      this.#options.onFailure(toRefrainError(thrown));
    }
  }

  #account(partition: Partition): Account {
    const name = `${partition.tenant}/${partition.key}`;
    const there = this.#accounts.get(name);
    const account = there ?? { partition, known: undefined, pending: new Map(), reading: undefined };
    if (!there && this.#accounts.size >= maximumKnown) this.#forgetOne();
    this.#accounts.delete(name);
    this.#accounts.set(name, account);
    return account;
  }

  /** Of those with nothing to be written, if there are any: where Redis takes nothing for long, counts are lost rather than memory. */
  #forgetOne(): void {
    const [oldest] = this.#accounts.keys();
    const written = this.#accounts.entries().find(([, { pending }]) => pending.size === 0);
    const name = written?.[0] ?? oldest;
    if (name !== undefined) this.#accounts.delete(name);
  }

  #key({ tenant, key }: Partition): string {
    return this.#options.keys.learned(tenant, `p:${key}`);
  }

  #listKey(tenant: string): string {
    return this.#options.keys.learned(tenant, 'p');
  }
}

function toEvidence(reply: readonly string[]): Evidence {
  const counts = new Map<string, number>();
  for (let i = 0; i + 1 < reply.length; i += 2) counts.set(reply[i] ?? '', Number(reply[i + 1]));
  return new Evidence(counts);
}
