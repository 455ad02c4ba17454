/**
 * What has still to be taken out of the index, in Redis: ids of partitions, and whole partitions. It is listed before it is removed from Redis
 * and struck off when the index has let it go; so nothing of it is forgotten where Chroma, or the cache that removed it, is away in between.
 */
import type { State } from '@refrain/state';
import type { Partition } from '../../entries/partition.ts';
import type { RedisKeys } from '../../entries/redis-keys.ts';

/** One thing to be taken out. */
export interface Listed {
  /** What stands in the list: another one at each listing, so that what was listed anew meanwhile is not struck off with it. */
  readonly member: string;
  /** What its tenant's keys begin with. */
  readonly prefix: string;
  /** Of its partition. */
  readonly key: string;
  /** Undefined for the whole partition. */
  readonly id: string | undefined;
  /** In Unix milliseconds. */
  readonly listedAtMs: number;
}

const whole = '*';
/** Struck off at once: far below the time a command may take. */
const pageMembers = 1000;

/** The list, shared by all caches of a Redis. Every method throws RefrainError `unavailable` where Redis does not answer. */
export class RemovalList {
  readonly #state: State;
  readonly #keys: RedisKeys;

  constructor(state: State, keys: RedisKeys) {
    this.#state = state;
    this.#keys = keys;
  }

  /** Lists ids of a partition; without ids, all of it. */
  async add({ tenant, key }: Partition, ids: readonly string[] = [whole]): Promise<void> {
    const members = ids.map((id) => `${this.#keys.prefix(tenant)} ${key} ${id} ${Date.now()}`);
    for (let from = 0; from < members.length; from += pageMembers) {
      // Of one score: Redis then keeps them by name, those of a tenant and a partition together.
      const page = members.slice(from, from + pageMembers).flatMap((member) => [0, member]);
      await this.#state.command('ZADD', this.#keys.removals(), ...page);
    }
  }

  /** So many of them, from the one behind `after` on; without it from the first on. */
  async read(after: string | undefined, count: number): Promise<Listed[]> {
    const from = after === undefined ? '-' : `(${after}`;
    const members = await this.#state.command('ZRANGE', this.#keys.removals(), from, '+', 'BYLEX', 'LIMIT', 0, count);
    return (members as string[]).map(toListed);
  }

  async strike(listed: readonly Listed[]): Promise<void> {
    if (listed.length === 0) return;
    await this.#state.command('ZREM', this.#keys.removals(), ...listed.map(({ member }) => member));
  }

  async length(): Promise<number> {
    return Number(await this.#state.command('ZCARD', this.#keys.removals()));
  }

  /** How many are of one tenant. */
  async of(tenant: string): Promise<number> {
    const prefix = this.#keys.prefix(tenant);
    // "!" follows the space that ends a prefix.
    return Number(await this.#state.command('ZLEXCOUNT', this.#keys.removals(), `[${prefix} `, `(${prefix}!`));
  }
}

function toListed(member: string): Listed {
  const [prefix = '', key = '', id = '', at = ''] = member.split(' ');
  return { member, prefix, key, id: id === whole ? undefined : id, listedAtMs: Number(at) };
}
