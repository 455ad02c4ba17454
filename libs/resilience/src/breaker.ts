import { RefrainError } from '@refrain/errors';
import { type Clock, systemClock } from './clock.ts';

/** Closed: calls pass. Open: calls fail at once. Half-open: one probe passes. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** When a breaker opens and how long it stays so. */
export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures?: number;
  readonly cooldownMs?: number;
  readonly clock?: Clock;
  /** Names the dependency in errors. */
  readonly name?: string;
}

/** Keeps callers from waiting, one after the other, for a dependency that is down. */
export class Breaker {
  readonly #failures: number;
  readonly #cooldownMs: number;
  readonly #clock: Clock;
  readonly #name: string;
  #failed = 0;
  #openUntil = 0;
  #probing = false;

  constructor(options: BreakerOptions = {}) {
    this.#failures = options.failures ?? 5;
    this.#cooldownMs = options.cooldownMs ?? 1000;
    this.#clock = options.clock ?? systemClock;
    this.#name = options.name ?? 'the dependency';
  }

  /** What the next call will meet. */
  get state(): BreakerState {
    if (this.#failed < this.#failures) return 'closed';
    return this.#clock.now() < this.#openUntil || this.#probing ? 'open' : 'half-open';
  }

  /**
   * Runs a call. An error for which `isFailure` is false says nothing about the dependency, neither way.
   * @throws RefrainError `unavailable`, reason BREAKER_OPEN, at once while open; else whatever the call throws.
   */
  async run<T>(call: () => Promise<T>, isFailure: (error: unknown) => boolean = () => true): Promise<T> {
    const state = this.state;
    if (state === 'open') {
      throw new RefrainError('unavailable', `${this.#name} is not reachable.`, { reason: 'BREAKER_OPEN' });
    }
    if (state === 'half-open') this.#probing = true;
    try {
      const value = await call();
      this.#failed = 0;
      return value;
    } catch (error) {
      if (isFailure(error)) {
        this.#failed += 1;
        this.#openUntil = this.#clock.now() + this.#cooldownMs;
      }
      throw error;
    } finally {
      if (state === 'half-open') this.#probing = false;
    }
  }
}
