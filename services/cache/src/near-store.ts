import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Entry, EntrySchema } from '@refrain/contracts';
import type { State } from '@refrain/state';
import { embeddingFingerprint } from './embedder/model.ts';
import type { Kept } from './exact-store.ts';
import { nearKeyOf, partitionKeyOf } from './redis-keys.ts';

/** A vector and the entry it belongs to. */
export interface Vector {
  readonly id: string;
  readonly vector: Float32Array;
}

/** Answers with their questions and vectors in Redis: the truth that the index is rebuilt from and checked against. */
export class RedisNearStore {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  /** Entries a partition has that have not expired. */
  async size(tenant: string, partition: string, nowMs: number): Promise<number> {
    return Number(await this.#state.command('ZCOUNT', partitionKeyOf(tenant, partition), `(${nowMs}`, '+inf'));
  }

  /** Keeps an answer under its question and vector. */
  async set(kept: Kept, question: string, vector: Float32Array, ttlSeconds: number, nowMs: number): Promise<void> {
    const expiresAtMs = nowMs + ttlSeconds * 1000;
    const entry = create(EntrySchema, {
      answer: kept.answer,
      rank: kept.rank,
      partition: kept.partition,
      createdAtMs: BigInt(nowMs),
      expiresAtMs: BigInt(expiresAtMs),
      question,
      vector: new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength),
      embedding: embeddingFingerprint,
    });
    const members = partitionKeyOf(kept.tenant, kept.partition);
    await this.#state.pipeline([
      ['SET', nearKeyOf(kept.tenant, kept.partition, kept.id), toBinary(EntrySchema, entry), 'PX', ttlSeconds * 1000],
      ['ZADD', members, expiresAtMs, kept.id],
      ['ZREMRANGEBYSCORE', members, '-inf', nowMs],
      ['PEXPIREAT', members, expiresAtMs],
    ]);
  }

  /** The entries of those ids that are there, of this partition and embedding, and not expired; others are undefined. */
  async getMany(
    tenant: string,
    partition: string,
    ids: readonly string[],
    nowMs: number,
  ): Promise<(Entry | undefined)[]> {
    const found = await this.#state.getMany(ids.map((id) => nearKeyOf(tenant, partition, id)));
    return found.map((bytes) => {
      if (!bytes) return undefined;
      const entry = fromBinary(EntrySchema, bytes);
      const isValid =
        entry.partition === partition && entry.embedding === embeddingFingerprint && Number(entry.expiresAtMs) > nowMs;
      return isValid ? entry : undefined;
    });
  }

  /** A partition's vectors, newest to expire first, at most `limit`. */
  async vectors(tenant: string, partition: string, limit: number, nowMs: number): Promise<Vector[]> {
    const members = partitionKeyOf(tenant, partition);
    const ids = (await this.#state.command(
      'ZRANGE',
      members,
      '+inf',
      `(${nowMs}`,
      'BYSCORE',
      'REV',
      'LIMIT',
      0,
      limit,
    )) as string[];
    const entries = await this.getMany(tenant, partition, ids, nowMs);
    return ids.flatMap((id, i) => {
      const entry = entries[i];
      return entry ? [{ id, vector: toVector(entry.vector) }] : [];
    });
  }
}

/** The numbers behind stored bytes (little-endian, as on every machine Refrain runs on). */
export function toVector(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.slice().buffer);
}

/** The cosine of two unit vectors. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return Math.min(1, sum);
}
