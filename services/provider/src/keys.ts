/**
 * Which key the next call uses. Keys take turns; one that the provider told to wait rests exactly as long as told, for
 * the model it was told for (limits are counted by model); one that was refused, or whose account is out of money, is
 * out until the process starts anew. The interface is asynchronous nowhere on purpose: a shared pool keeps a local
 * view and corrects it in the background.
 */
import { RefrainError } from '@refrain/errors';
import { type Clock, systemClock } from '@refrain/resilience';
import { keyId, type Secret } from '@refrain/service';

/** A key and the name it has outside this process. */
export interface PooledKey {
  readonly id: string;
  readonly secret: Secret;
}

/** What a call needs to know to choose. */
export interface KeyQuery {
  readonly model: string;
  /** Ids this request has already tried. */
  readonly excluded: readonly string[];
}

/** The keys of one provider. */
export interface KeyPool {
  /**
   * The next key in turn.
   * @throws RefrainError, reason NO_KEY: `upstream_denied` when none works any more, else `upstream_exhausted` with the
   * wait until the earliest comes back.
   */
  take(query: KeyQuery): PooledKey;
  /** Whether `take` would find one. */
  available(query: KeyQuery): boolean;
  /** Learns from a failed call. */
  report(id: string, model: string, error: RefrainError): void;
  /** How many keys are in use, resting (for some model), and out. */
  counts(): { readonly active: number; readonly resting: number; readonly disabled: number };
}

/** Where the provider names no time. */
const untoldRestMs = 5000;

/** A pool in this process's memory. */
export class LocalKeyPool implements KeyPool {
  readonly #keys: readonly PooledKey[];
  readonly #clock: Clock;
  readonly #disabled: Set<string> = new Set();
  /** Key id to model to the moment its rest ends. */
  readonly #resting: Map<string, Map<string, number>> = new Map();
  #next = 0;

  constructor(secrets: readonly Secret[], clock: Clock = systemClock) {
    this.#keys = secrets.map((secret) => ({ id: keyId(secret), secret }));
    this.#clock = clock;
  }

  take(query: KeyQuery): PooledKey {
    for (let turn = 0; turn < this.#keys.length; turn += 1) {
      const position = (this.#next + turn) % this.#keys.length;
      const key = this.#keys[position];
      if (key && this.#usable(key, query)) {
        this.#next = position + 1;
        return key;
      }
    }
    throw this.#none(query);
  }

  available(query: KeyQuery): boolean {
    return this.#keys.some((key) => this.#usable(key, query));
  }

  report(id: string, model: string, error: RefrainError): void {
    if (error.code === 'upstream_denied') this.#disabled.add(id);
    if (error.code !== 'upstream_exhausted') return;
    const rests = this.#resting.get(id) ?? new Map<string, number>();
    const until = this.#clock.now() + (error.retryAfterMs ?? untoldRestMs);
    // Two calls under way may be told different times: the longer one holds.
    rests.set(model, Math.max(until, rests.get(model) ?? 0));
    this.#resting.set(id, rests);
  }

  counts(): { active: number; resting: number; disabled: number } {
    const now = this.#clock.now();
    const isResting = (key: PooledKey) => [...(this.#resting.get(key.id)?.values() ?? [])].some((until) => until > now);
    const disabled = this.#keys.filter((key) => this.#disabled.has(key.id)).length;
    const resting = this.#keys.filter((key) => !this.#disabled.has(key.id) && isResting(key)).length;
    return { active: this.#keys.length - disabled - resting, resting, disabled };
  }

  #usable(key: PooledKey, query: KeyQuery): boolean {
    if (this.#disabled.has(key.id) || query.excluded.includes(key.id)) return false;
    return (this.#resting.get(key.id)?.get(query.model) ?? 0) <= this.#clock.now();
  }

  #none(query: KeyQuery): RefrainError {
    const working = this.#keys.filter((key) => !this.#disabled.has(key.id));
    if (working.length === 0) {
      return new RefrainError('upstream_denied', 'The provider has no key left that works.', { reason: 'NO_KEY' });
    }
    const now = this.#clock.now();
    const waits = working
      .filter((key) => !query.excluded.includes(key.id))
      .map((key) => (this.#resting.get(key.id)?.get(query.model) ?? now) - now);
    if (waits.length === 0) {
      return new RefrainError('upstream_exhausted', "All of the provider's keys have been tried.", {
        reason: 'NO_KEY',
      });
    }
    return new RefrainError('upstream_exhausted', "All of the provider's keys are resting.", {
      reason: 'NO_KEY',
      retryAfterMs: Math.ceil(Math.min(...waits)),
    });
  }
}
