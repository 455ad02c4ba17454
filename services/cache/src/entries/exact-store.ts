import { create, toBinary } from '@bufbuild/protobuf';
import { type Entry, EntrySchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import type { Script, State } from '@refrain/state';
import { groupsOf, type Kept, stampedOf } from './kept.ts';
import { type Life, toEntryTimes } from './life.ts';
import { readEntry } from './read-entry.ts';
import { type Group, type RedisKeys, toEntryId } from './redis-keys.ts';

/**
 * Keeps an entry and its place in the tenant's lists, all or nothing: an invalidation that comes in between would miss it.
 * A stamp of a time to come says that its tenant is being erased. With what it takes the place of, it leaves the groups that had that alone.
 * KEYS: entry, lives, uses, base of uses, then its groups, then groups it leaves, then stamps.
 * ARGV: entry, its time, asked at, now, kept until, name, its groups, groups it leaves.
 */
const keep: Script = {
  name: 'refrainKeepExact',
  lua: `
local groups = tonumber(ARGV[7])
local lists = groups + tonumber(ARGV[8])
for i = 5 + lists, #KEYS do
  local stamp = redis.call('GET', KEYS[i])
  local at = tonumber(stamp or -1)
  if at >= tonumber(ARGV[3]) or at > tonumber(ARGV[4]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('ZADD', KEYS[2], 'GT', ARGV[5], ARGV[6])
if not redis.call('ZSCORE', KEYS[3], ARGV[6]) then
  redis.call('ZADD', KEYS[3], tonumber(redis.call('GET', KEYS[4]) or 0) + 1 + ARGV[4] / 1e13, ARGV[6])
end
for i = 5, 4 + groups do
  redis.call('ZADD', KEYS[i], 'GT', ARGV[5], ARGV[6])
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', ARGV[4])
end
for i = 5 + groups, 4 + lists do redis.call('ZREM', KEYS[i], ARGV[6]) end
for i = 2, 4 + groups do
  if redis.call('PTTL', KEYS[i]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[i], ARGV[2]) end
end
return 1`,
};

/** Answers, and aliases of answers, by exact key in Redis. A hit does not renew an entry's time. */
export class RedisExactStore {
  readonly #state: State;
  readonly #keys: RedisKeys;
  readonly #keep: ReturnType<State['script']>;

  constructor(state: State, keys: RedisKeys) {
    this.#state = state;
    this.#keys = keys;
    this.#keep = state.script(keep);
  }

  /** One GET; whether the entry may answer is `tooLate`'s to say. @throws RefrainError `unavailable` (REDIS_DOWN, BREAKER_OPEN, BAD_ENTRY) */
  async get(tenant: string, id: string): Promise<Entry | undefined> {
    const bytes = await this.#state.get(this.#keys.exact(tenant, id));
    if (!bytes) return undefined;
    const entry = readEntry(bytes);
    if (!entry) throw new RefrainError('unavailable', 'The entry cannot be read.', { reason: 'BAD_ENTRY' });
    return entry;
  }

  /**
   * Says whether it was kept: it is not where it was invalidated after the question was asked. If it is, it is no more in the groups that it
   * is to leave. @throws RefrainError `unavailable`
   */
  async set(kept: Kept, life: Life, leaves: readonly Group[] = []): Promise<boolean> {
    const { tenant, id, partition } = kept;
    const listOf = (group: Group) => this.#keys.group(tenant, group);
    const groups = groupsOf(kept).map(listOf);
    const keys = [
      this.#keys.exact(tenant, id),
      this.#keys.lives(tenant),
      this.#keys.uses(tenant),
      this.#keys.usesBase(tenant),
      ...groups,
      ...leaves.map(listOf),
      ...stampedOf(kept).map((stamped) => this.#keys.stamp(tenant, stamped)),
    ];
    const { createdAtMs, keptUntilMs } = life;
    const times = [keptUntilMs - createdAtMs, kept.askedAtMs, createdAtMs, keptUntilMs];
    const name = toEntryId(id, partition);
    const args = [toBinary(EntrySchema, toEntry(kept, life)), ...times, name, groups.length, leaves.length];
    return (await this.#keep(keys, args)) === 1;
  }
}

function toEntry({ hit, rank, partition, template = '', tags, model }: Kept, life: Life): Entry {
  return create(EntrySchema, { hit, rank, partition, template, tags: [...tags], model, ...toEntryTimes(life) });
}
