/**
 * What has still to be taken out of the index, in Redis: ids of partitions, and whole partitions. It is listed before it is removed from Redis
 * and struck off when the index has let it go; so nothing of it is forgotten where Chroma, or the cache that removed it, is away in between.
 */
import type { Script, State } from '@refrain/state';
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
/** Listed or struck off at once: far below the time a command may take. */
const pageMembers = 1000;

/** More are not listed one by one: 20 MB, for the days on which no Chroma works them off. */
const maximumListed = 100_000;

/**
 * Lists members of one partition. Without any, and where there are too many of all, the partition as a whole comes in place of all that is
 * listed of it: a collection that goes is filled anew when it is used. The members themselves come after it, for they may not be gone from
 * Redis yet when that is filled. Of one score, so that Redis keeps them by name, those of a tenant and a partition together.
 * KEYS: list. ARGV: how many there may be, the partition's beginning, its member for the whole, then members.
 */
const listMembers: Script = {
  name: 'refrainListRemovals',
  keys: 1,
  lua: `
if #ARGV == 3 or redis.call('ZCARD', KEYS[1]) + #ARGV - 3 > tonumber(ARGV[1]) then
  redis.call('ZREMRANGEBYLEX', KEYS[1], '[' .. ARGV[2] .. ' ', '(' .. ARGV[2] .. '!')
  redis.call('ZADD', KEYS[1], 0, ARGV[3])
end
for i = 4, #ARGV do redis.call('ZADD', KEYS[1], 0, ARGV[i]) end`,
};

/** The list, shared by all caches of a Redis. Every method throws RefrainError `unavailable` where Redis does not answer. */
export class RemovalList {
  readonly #state: State;
  readonly #keys: RedisKeys;
  readonly #maximum: number;
  readonly #list: ReturnType<State['script']>;

  constructor(state: State, keys: RedisKeys, maximum: number = maximumListed) {
    this.#state = state;
    this.#keys = keys;
    this.#maximum = maximum;
    this.#list = state.script(listMembers);
  }

  /** Lists ids of a partition; without ids all of it, as also where the list has grown too long. */
  async add({ tenant, key }: Partition, ids?: readonly string[]): Promise<void> {
    if (ids?.length === 0) return;
    const all = ids ?? [];
    const partition = `${this.#keys.prefix(tenant)} ${key}`;
    const nowMs = Date.now();
    const memberOf = (id: string) => `${partition} ${id} ${nowMs}`;
    for (let from = 0; from === 0 || from < all.length; from += pageMembers) {
      const members = all.slice(from, from + pageMembers).map(memberOf);
      await this.#list([this.#keys.removals()], [this.#maximum, partition, memberOf(whole), ...members]);
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
