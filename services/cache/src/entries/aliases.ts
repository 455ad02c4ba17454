/**
 * An alias stands under the exact key of a question that was answered by meaning, so that the same request need not be compared again. It
 * has no answer: it names the entry that has one, and is worth nothing without it. It names the half that is found by meaning: what meaning
 * may not answer any more, no alias answers either.
 */
import { create, toBinary } from '@bufbuild/protobuf';
import { type Entry, EntrySchema } from '@refrain/contracts';
import type { Script, State } from '@refrain/state';
import { readEntry } from './read-entry.ts';
import { fromEntryId, type RedisKeys, toEntryId } from './redis-keys.ts';

/** A question that was answered by meaning. */
export interface AliasOf {
  readonly tenant: string;
  /** Of its exact key. */
  readonly id: string;
  /** The entry that answered, "<id>.<partition>". */
  readonly target: string;
  /** That entry's half by meaning. */
  readonly entry: Entry;
  readonly confidence: number;
}

/**
 * Keeps an alias while its target is there, and never in the place of an answer. It dies no later than its target, and
 * where room is needed it goes before its target: it begins one use lower than an entry. What is over leaves the target's list: a
 * target that is stored again and again lives for ever. While its tenant is being erased none is kept.
 * KEYS: alias, target, target's aliases, lives, uses, base of uses, tenant's stamp. ARGV: alias, name, now.
 */
const keep: Script = {
  name: 'refrainKeepAlias',
  keys: 7,
  lua: `
if tonumber(redis.call('GET', KEYS[7]) or 0) > tonumber(ARGV[3]) then return 0 end
local left = redis.call('PTTL', KEYS[2])
if left <= 0 or not redis.call('SET', KEYS[1], ARGV[1], 'PX', left, 'NX') then return 0 end
redis.call('ZADD', KEYS[3], ARGV[3] + left, ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[3])
redis.call('ZADD', KEYS[4], ARGV[3] + left, ARGV[2])
redis.call('ZADD', KEYS[5], tonumber(redis.call('GET', KEYS[6]) or 0) + ARGV[3] / 1e13, ARGV[2])
for i = 3, 6 do
  if redis.call('PTTL', KEYS[i]) < left then redis.call('PEXPIRE', KEYS[i], left) end
end
return 1`,
};

/** Removes keys that still hold what they held: an alias that became an answer meanwhile stays. */
const removeUnchanged: Script = {
  name: 'refrainRemoveUnchanged',
  lua: `
for i, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[i] then redis.call('UNLINK', key) end
end`,
};

/** Removed at once: far below the time a command may take. */
const pageNames = 1000;

/** Aliases in Redis. */
export class Aliases {
  readonly #state: State;
  readonly #keys: RedisKeys;
  readonly #keep: ReturnType<State['script']>;
  readonly #removeUnchanged: ReturnType<State['script']>;

  constructor(state: State, keys: RedisKeys) {
    this.#state = state;
    this.#keys = keys;
    this.#keep = state.script(keep);
    this.#removeUnchanged = state.script(removeUnchanged);
  }

  /** Gives whether it was kept. @throws RefrainError `unavailable` */
  async keep({ tenant, id, target, entry, confidence }: AliasOf, nowMs: number): Promise<boolean> {
    const of = fromEntryId(target);
    if (!of || of.id === id) return false;
    const { partition, rank } = entry;
    const alias = create(EntrySchema, { aliasOf: target, confidence, rank, partition });
    const keys = [
      this.#keys.exact(tenant, id),
      this.#keys.near(tenant, of.partition, of.id),
      this.#keys.aliases(tenant, of.id),
      this.#keys.lives(tenant),
      this.#keys.uses(tenant),
      this.#keys.usesBase(tenant),
      this.#keys.stamp(tenant, { kind: 'tenant' }),
    ];
    const args = [toBinary(EntrySchema, alias), toEntryId(id, partition), nowMs];
    return (await this.#keep(keys, args)) === 1;
  }

  /** Removes the aliases of entries. @throws RefrainError `unavailable` */
  async revoke(tenant: string, targets: readonly string[]): Promise<void> {
    const sets = targets.flatMap((target) => {
      const of = fromEntryId(target);
      return of ? [this.#keys.aliases(tenant, of.id)] : [];
    });
    if (sets.length === 0) return;
    const lists = await this.#state.pipeline(sets.map((set) => ['ZRANGE', set, 0, -1] as const));
    const names = lists.flat() as string[];
    const of = new Set(targets);
    for (let from = 0; from < names.length; from += pageNames)
      await this.#remove(tenant, names.slice(from, from + pageNames), of);
    await this.#state.remove(sets);
  }

  async #remove(tenant: string, names: readonly string[], targets: ReadonlySet<string>): Promise<void> {
    const keys = names.map((name) => this.#keys.exact(tenant, fromEntryId(name)?.id ?? ''));
    const found = await this.#state.getMany(keys);
    const there = keys.flatMap((key, i) => {
      const bytes = found[i];
      const alias = bytes && readEntry(bytes);
      if (!alias || !targets.has(alias.aliasOf)) return [];
      return [{ key, bytes, name: names[i] ?? '' }];
    });
    if (there.length === 0) return;
    await this.#removeUnchanged(
      there.map(({ key }) => key),
      there.map(({ bytes }) => bytes),
    );
    const gone = there.map(({ name }) => name);
    await this.#state.pipeline([
      ['ZREM', this.#keys.lives(tenant), ...gone],
      ['ZREM', this.#keys.uses(tenant), ...gone],
    ]);
  }
}
