/** What a removal leaves behind, so that nothing of what it removed comes back: stamps for who stores, marks for who shares. */
import { revokedKey, revokedMs, type State } from '@refrain/state';
import type { RedisKeys, Stamped } from '../entries/redis-keys.ts';
import { patiently } from './patiently.ts';

/** How long an answer may be under way that was asked for before an invalidation. */
const stampMs = 86_400_000;
/** Marked at once: far below the time a command may take. */
const pageIds = 1000;

/** Leaves marks in Redis. Every method throws RefrainError `unavailable` where it does not answer. */
export class Marks {
  readonly #state: State;
  readonly #keys: RedisKeys;

  constructor(state: State, keys: RedisKeys) {
    this.#state = state;
    this.#keys = keys;
  }

  /** From that moment on, no answer is kept that was asked for before it; one that is still to come lets nothing be kept until then. */
  async stamp(tenant: string, stamped: Stamped, atMs: number): Promise<void> {
    await this.#state.set(this.#keys.stamp(tenant, stamped), Buffer.from(String(atMs)), { ttlMs: stampMs });
  }

  /**
   * Routers tell the answers of these ids no more either: one that was given a moment ago is shared beside the cache. To be said before
   * they are removed, so that nothing is shared that cannot be found any more.
   */
  async unshare(ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += pageIds) {
      const page = ids.slice(from, from + pageIds);
      const marks = page.map((id) => ['SET', revokedKey(id), 1, 'PX', revokedMs] as const);
      await patiently(() => this.#state.pipeline(marks));
    }
  }
}
