import { create, toBinary } from '@bufbuild/protobuf';
import { type Entry, EntrySchema } from '@refrain/contracts';
import type { State } from '@refrain/state';
import { BoundedMap } from './bounded-map.ts';
import { embeddingFingerprint } from './embedder/model.ts';
import type { Kept } from './exact-store.ts';
import type { Partition } from './partition.ts';
import { readEntry } from './read-entry.ts';
import { nearKeyOf, partitionKeyOf } from './redis-keys.ts';
import { toBytes, toVector, type Vector } from './vector.ts';

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
/** Vectors kept in process, 1.5 KB each, so that comparing a small partition does not read its answers again. */
const rememberedVectors = 20_000;

/** Takes ids off a partition's list where their entries are gone (evicted); one that was stored again meanwhile stays. */
const forgetGone = `
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 0 then redis.call('ZREM', KEYS[1], ARGV[i - 1]) end
end`;

/** Answers with their questions and vectors in Redis: the truth that the index is rebuilt from and checked against. */
export class RedisNearStore {
  readonly #state: State;
  /** By entry key. A vector follows from the question, and the question is hashed into the key: it never changes. */
  readonly #vectors: BoundedMap<string, Float32Array> = new BoundedMap(rememberedVectors);
  readonly #reading: Map<string, Promise<void>> = new Map();

  constructor(state: State) {
    this.#state = state;
  }

  /** Entries a partition has that have not expired. @throws RefrainError `unavailable`, as all of these */
  async size({ tenant, key }: Partition, nowMs: number = Date.now()): Promise<number> {
    return Number(await this.#state.command('ZCOUNT', partitionKeyOf(tenant, key), `(${nowMs}`, '+inf'));
  }

  /** Keeps an answer under its question and vector; gives the ids that had expired, which the index may forget. */
  async set(
    kept: Kept,
    near: { question: string; vector: Float32Array; ttlSeconds: number; nowMs: number },
  ): Promise<string[]> {
    const { question, vector, nowMs } = near;
    const ttlMs = near.ttlSeconds * 1000;
    const expiresAtMs = nowMs + ttlMs;
    const entry = create(EntrySchema, {
      hit: kept.hit,
      rank: kept.rank,
      partition: kept.partition,
      createdAtMs: BigInt(nowMs),
      expiresAtMs: BigInt(expiresAtMs),
      question,
      vector: toBytes(vector),
      embedding: embeddingFingerprint,
    });
    const members = partitionKeyOf(kept.tenant, kept.partition);
    const replies = await this.#state.pipeline([
      ['SET', nearKeyOf(kept.tenant, kept.partition, kept.id), toBinary(EntrySchema, entry), 'PX', ttlMs],
      ['ZADD', members, expiresAtMs, kept.id],
      ['ZRANGEBYSCORE', members, '-inf', nowMs],
      ['ZREMRANGEBYSCORE', members, '-inf', nowMs],
      ['PEXPIRE', members, ttlMs],
    ]);
    this.#vectors.set(nearKeyOf(kept.tenant, kept.partition, kept.id), vector);
    return replies[2] as string[];
  }

  /** The entries of those ids that are there, of this partition and embedding, and not expired; others are undefined. */
  async getMany(partition: Partition, ids: readonly string[], nowMs: number): Promise<(NearEntry | undefined)[]> {
    const keys = ids.map((id) => nearKeyOf(partition.tenant, partition.key, id));
    const found: (NearEntry | undefined)[] = [];
    for (let from = 0; from < keys.length; from += pageEntries) {
      const page = await this.#state.getMany(keys.slice(from, from + pageEntries));
      found.push(
        ...page.map((bytes, i) => (bytes ? toNearEntry(ids[from + i] ?? '', bytes, partition.key, nowMs) : undefined)),
      );
    }
    return found;
  }

  /** All ids of a partition that have not expired, last to expire first. */
  async ids(
    partition: Partition,
    nowMs: number = Date.now(),
    limit: number = Number.POSITIVE_INFINITY,
  ): Promise<string[]> {
    const members = partitionKeyOf(partition.tenant, partition.key);
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

  /** The vectors of those ids, as far as they are there. Askers of one partition wait for each other, so that each entry is read once. */
  async vectors(partition: Partition, ids: readonly string[], nowMs: number = Date.now()): Promise<Vector[]> {
    const keyOf = (id: string) => nearKeyOf(partition.tenant, partition.key, id);
    const isUnknown = (id: string) => !this.#vectors.get(keyOf(id));
    if (ids.some(isUnknown)) {
      const before = this.#reading.get(partition.key) ?? Promise.resolve();
      const reading = before.then(async () => {
        const unknown = ids.filter(isUnknown);
        const read = await this.getMany(partition, unknown, nowMs);
        for (const [i, id] of unknown.entries()) {
          const entry = read[i];
          if (entry) this.#vectors.set(keyOf(id), entry.vector);
        }
      });
      // Who waits behind a reading that failed reads for itself.
      const settled = reading.catch(() => undefined);
      this.#reading.set(partition.key, settled);
      void settled.then(() => {
        if (this.#reading.get(partition.key) === settled) this.#reading.delete(partition.key);
      });
      await reading;
    }
    return ids.flatMap((id) => {
      const vector = this.#vectors.get(keyOf(id));
      return vector ? [{ id, vector }] : [];
    });
  }

  /** Takes ids whose entries are gone off the partition's list. */
  async forget(partition: Partition, ids: readonly string[]): Promise<void> {
    const keys = ids.map((id) => nearKeyOf(partition.tenant, partition.key, id));
    const members = partitionKeyOf(partition.tenant, partition.key);
    await this.#state.command('EVAL', forgetGone, keys.length + 1, members, ...keys, ...ids);
  }
}

function toNearEntry(id: string, bytes: Uint8Array, partition: string, nowMs: number): NearEntry | undefined {
  const entry = readEntry(bytes);
  const vector = entry && toVector(entry.vector);
  if (!entry || !vector) return undefined;
  const isValid =
    entry.partition === partition && entry.embedding === embeddingFingerprint && Number(entry.expiresAtMs) > nowMs;
  return isValid ? { id, entry, vector } : undefined;
}
