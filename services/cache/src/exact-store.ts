import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Answer, type Entry, EntrySchema } from '@refrain/contracts';
import type { State } from '@refrain/state';
import { exactKeyOf } from './redis-keys.ts';

/** An answer to be kept, and the names it is found by. */
export interface Kept {
  readonly tenant: string;
  readonly id: string;
  readonly partition: string;
  readonly answer: Answer;
  readonly rank: number;
}

/** Answers by exact key in Redis. A hit does not renew an entry's time. */
export class RedisExactStore {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  /** One GET. @throws RefrainError `unavailable` */
  async get(tenant: string, id: string): Promise<Entry | undefined> {
    const bytes = await this.#state.get(exactKeyOf(tenant, id));
    return bytes ? fromBinary(EntrySchema, bytes) : undefined;
  }

  /** @throws RefrainError `unavailable` */
  async set(kept: Kept, ttlSeconds: number, nowMs: number): Promise<void> {
    const entry = create(EntrySchema, {
      answer: kept.answer,
      rank: kept.rank,
      partition: kept.partition,
      createdAtMs: BigInt(nowMs),
      expiresAtMs: BigInt(nowMs + ttlSeconds * 1000),
    });
    await this.#state.set(exactKeyOf(kept.tenant, kept.id), toBinary(EntrySchema, entry), { ttlMs: ttlSeconds * 1000 });
  }
}
