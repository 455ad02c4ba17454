import { create, toBinary } from '@bufbuild/protobuf';
import { type Entry, EntrySchema } from '@refrain/contracts';
import { BoundedMap } from '@refrain/resilience';
import type { Script, State } from '@refrain/state';
import { embeddingFingerprint } from '../embedder/model.ts';
import { toBytes, toVector, type Vector } from '../embedder/vector.ts';
import { groupsOf, type Kept, stampedOf } from './kept.ts';
import { KnownVectors } from './known-vectors.ts';
import { type Life, toEntryTimes } from './life.ts';
import type { Partition } from './partition.ts';
import { readEntry } from './read-entry.ts';
import { type RedisKeys, toEntryId } from './redis-keys.ts';

/** An entry that may be served, with its vector. */
export interface NearEntry {
  readonly id: string;
  readonly entry: Entry;
  readonly vector: Float32Array;
}

/** Ids a page of a partition has; 1,000 names are 32 KB. */
const pageIds = 1000;
/** Entries read at once: with answers of a few KB this stays far below the time a command may take. */
const pageEntries = 200;
/** Partitions of which it is known what of them was told to have ended. */
const rememberedLists = 20_000;

/** Partitions of a tenant whose names are kept, so that all of them can be removed from the index. */
const rememberedPartitions = 1000;

/**
 * Keeps what an exact entry stands beside, unless it was invalidated or removed since the question was asked. Gives the ids whose time to
 * be found without asking for stale ones ended since the last look, and forgets those that Redis has forgotten.
 * Where it lives longer than its exact entry, it stays as long on the lists that entries are removed by.
 * KEYS: entry, partition's list, tenant's partitions, exact entry, lives, then groups, then stamps.
 * ARGV: entry, its time, asked at, now, found until, id, partition, last look, forgotten before, name, groups.
 */
const keep: Script = {
  name: 'refrainKeepNear',
  lua: `
local lists = 5 + tonumber(ARGV[11])
for i = lists + 1, #KEYS do
  local stamp = redis.call('GET', KEYS[i])
  local at = tonumber(stamp or -1)
  if at >= tonumber(ARGV[3]) or at > tonumber(ARGV[4]) then return 'invalidated' end
end
if redis.call('EXISTS', KEYS[4]) == 0 then return 'removed' end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[5], ARGV[6])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[7])
redis.call('ZREMRANGEBYRANK', KEYS[3], 0, -${rememberedPartitions + 1})
for i = 5, lists do redis.call('ZADD', KEYS[i], 'GT', ARGV[4] + ARGV[2], ARGV[10]) end
for i = 2, lists do
  if i ~= 4 and redis.call('PTTL', KEYS[i]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[i], ARGV[2]) end
end
local over = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[8], ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[9])
return over`,
};

/** Takes ids off a partition's list where their entries are gone (evicted); one that was stored again meanwhile stays. */
const forgetGone: Script = {
  name: 'refrainForgetGone',
  lua: `
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 0 then redis.call('ZREM', KEYS[1], ARGV[i - 1]) end
end`,
};

/** Answers with their questions and vectors in Redis: the truth that the index is rebuilt from and checked against. */
export class RedisNearStore {
  readonly #state: State;
  readonly #keys: RedisKeys;
  readonly #keep: ReturnType<State['script']>;
  readonly #forgetGone: ReturnType<State['script']>;
  readonly #vectors: KnownVectors = new KnownVectors();
  /** By partition list: until when its ended entries were told. What ended before this process began is in no index that it opened. */
  readonly #toldUntil: BoundedMap<string, number> = new BoundedMap(rememberedLists);
  readonly #beganAtMs: number = Date.now();

  constructor(state: State, keys: RedisKeys) {
    this.#state = state;
    this.#keys = keys;
    this.#keep = state.script(keep);
    this.#forgetGone = state.script(forgetGone);
  }

  /**
   * Entries a partition has that may answer at a moment. For stale ones too, all of these take an earlier one (`reachBack`).
   * @throws RefrainError `unavailable`, as all of these
   */
  async size({ tenant, key }: Partition, nowMs: number = Date.now()): Promise<number> {
    return Number(await this.#state.command('ZCOUNT', this.#keys.partition(tenant, key), `(${nowMs}`, '+inf'));
  }

  /**
   * Keeps an answer under its question and vector, beside its exact entry; gives the ids that the index may forget. A word is why it was
   * not kept: the exact entry was `removed`, or the answer `invalidated`, since the question was asked.
   */
  async set(
    kept: Kept,
    near: { question: string; vector: Float32Array; life: Life },
  ): Promise<string[] | 'invalidated' | 'removed'> {
    const { tenant, id, partition, hit, rank, tags, model } = kept;
    const { question, vector, life } = near;
    const entry = create(EntrySchema, {
      ...{ hit, rank, partition, model, question, ...toEntryTimes(life) },
      ...{ tags: [...tags], vector: toBytes(vector), embedding: embeddingFingerprint },
    });
    const members = this.#keys.partition(tenant, partition);
    const name = this.#keys.near(tenant, partition, id);
    const stamps = stampedOf(kept).map((stamped) => this.#keys.stamp(tenant, stamped));
    const groups = groupsOf(kept).map((group) => this.#keys.group(tenant, group));
    const [partitions, exact, lives] = [
      this.#keys.partitions(tenant),
      this.#keys.exact(tenant, id),
      this.#keys.lives(tenant),
    ];
    const keys = [name, members, partitions, exact, lives, ...groups, ...stamps];
    const { createdAtMs: nowMs, revalidateUntilMs, keptUntilMs } = life;
    const forgottenBefore = nowMs - (keptUntilMs - revalidateUntilMs);
    const told = this.#toldUntil.get(members) ?? this.#beganAtMs;
    const times = [keptUntilMs - nowMs, kept.askedAtMs, nowMs, revalidateUntilMs];
    const args = [...times, id, partition, told, forgottenBefore, toEntryId(id, partition), groups.length];
    const bytes = toBinary(EntrySchema, entry);
    const reply = await this.#keep(keys, [bytes, ...args]);
    if (reply === 'invalidated' || reply === 'removed') return reply;
    this.#vectors.set(name, vector);
    this.#toldUntil.set(members, nowMs);
    return reply as string[];
  }

  /** The entries of those ids that are there, of this partition and embedding, and may answer at that moment; others are undefined. */
  async getMany(partition: Partition, ids: readonly string[], nowMs: number): Promise<(NearEntry | undefined)[]> {
    const keys = ids.map((id) => this.#keys.near(partition.tenant, partition.key, id));
    const found: (NearEntry | undefined)[] = [];
    for (let from = 0; from < keys.length; from += pageEntries) {
      const page = await this.#state.getMany(keys.slice(from, from + pageEntries));
      found.push(
        ...page.map((bytes, i) => (bytes ? toNearEntry(ids[from + i] ?? '', bytes, partition.key, nowMs) : undefined)),
      );
    }
    return found;
  }

  /** All ids of a partition that may answer at a moment, last to expire first. */
  async ids(
    partition: Partition,
    nowMs: number = Date.now(),
    limit: number = Number.POSITIVE_INFINITY,
  ): Promise<string[]> {
    const members = this.#keys.partition(partition.tenant, partition.key);
    const ids: string[] = [];
    for (;;) {
      const count = Math.min(pageIds, limit - ids.length);
      if (count <= 0) return ids;
      const range = ['+inf', `(${nowMs}`, 'BYSCORE', 'REV', 'LIMIT', ids.length, count] as const;
      const page = (await this.#state.command('ZRANGE', members, ...range)) as string[];
      ids.push(...page);
      if (page.length < count) return ids;
    }
  }

  /** Those of some ids that Redis has. */
  async present({ tenant, key }: Partition, ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set();
    const look = ids.map((id) => ['EXISTS', this.#keys.near(tenant, key, id)] as const);
    const replies = await this.#state.pipeline(look);
    return new Set(ids.filter((_, i) => Number(replies[i]) === 1));
  }

  /** The vectors of those ids, as far as they are there. Askers of one partition wait for each other, so that each entry is read once. */
  vectors(partition: Partition, ids: readonly string[], nowMs: number = Date.now()): Promise<Vector[]> {
    const nameOf = (id: string) => this.#keys.near(partition.tenant, partition.key, id);
    return this.#vectors.of(partition.key, ids, {
      nameOf,
      read: (unknown) => this.getMany(partition, unknown, nowMs),
    });
  }

  /** Takes entries out, so that they are found by meaning no more. Their exact halves stay, and aliases of them die with these. */
  async remove({ tenant, key }: Partition, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#state.remove(ids.map((id) => this.#keys.near(tenant, key, id)));
    this.letGo({ tenant, key }, ids);
    await this.#state.command('ZREM', this.#keys.partition(tenant, key), ...ids);
  }

  /** Lets go what it has in process of removed entries. */
  letGo({ tenant, key }: Partition, ids: readonly string[]): void {
    for (const id of ids) this.#vectors.delete(this.#keys.near(tenant, key, id));
  }

  /** Forgets all vectors it has in process, whosever they are. */
  forgetVectors(): void {
    this.#vectors.clear();
  }

  /** Takes ids whose entries are gone off the partition's list. */
  async forget(partition: Partition, ids: readonly string[]): Promise<void> {
    const keys = ids.map((id) => this.#keys.near(partition.tenant, partition.key, id));
    const members = this.#keys.partition(partition.tenant, partition.key);
    await this.#forgetGone([members, ...keys], ids);
  }
}

function toNearEntry(id: string, bytes: Uint8Array, partition: string, nowMs: number): NearEntry | undefined {
  const entry = readEntry(bytes);
  const vector = entry && toVector(entry.vector);
  if (!entry || !vector) return undefined;
  const isValid =
    entry.partition === partition &&
    entry.embedding === embeddingFingerprint &&
    Number(entry.revalidateUntilMs) > nowMs;
  return isValid ? { id, entry, vector } : undefined;
}
