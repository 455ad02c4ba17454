import { create, toBinary } from '@bufbuild/protobuf';
import { type Entry, EntrySchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import type { State } from '@refrain/state';
import { readEntry } from './read-entry.ts';
import { exactKeyOf } from './redis-keys.ts';

/** An answer to be kept, and the names it is found by. */
export interface Kept {
  readonly tenant: string;
  readonly id: string;
  readonly partition: string;
  /** What `toStoredHit` made of it. */
  readonly hit: Uint8Array;
  readonly rank: number;
  /** For a filled template, the hash of its definition. */
  readonly template?: string;
}

/** Answers by exact key in Redis. A hit does not renew an entry's time. */
export class RedisExactStore {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  /** One GET; an entry whose time is over is none. @throws RefrainError `unavailable` (REDIS_DOWN, BREAKER_OPEN, BAD_ENTRY) */
  async get(tenant: string, id: string, nowMs: number): Promise<Entry | undefined> {
    const bytes = await this.#state.get(exactKeyOf(tenant, id));
    if (!bytes) return undefined;
    const entry = readEntry(bytes);
    if (!entry) throw new RefrainError('unavailable', 'The entry cannot be read.', { reason: 'BAD_ENTRY' });
    return Number(entry.expiresAtMs) > nowMs ? entry : undefined;
  }

  /** @throws RefrainError `unavailable` */
  async set(kept: Kept, ttlSeconds: number, nowMs: number): Promise<void> {
    const { hit, rank, partition, template = '' } = kept;
    const entry = create(EntrySchema, {
      hit,
      rank,
      partition,
      template,
      createdAtMs: BigInt(nowMs),
      expiresAtMs: BigInt(nowMs + ttlSeconds * 1000),
    });
    await this.#state.set(exactKeyOf(kept.tenant, kept.id), toBinary(EntrySchema, entry), { ttlMs: ttlSeconds * 1000 });
  }
}
