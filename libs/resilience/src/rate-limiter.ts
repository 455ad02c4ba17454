import { type Clock, systemClock } from './clock.ts';

/** Whether a call may pass, and when the next one may. */
export type RateVerdict = { readonly allowed: true } | { readonly allowed: false; readonly retryAfterMs: number };

const maximumKeys = 100_000;

/**
 * The generic cell rate algorithm (GCRA, ITU-T I.371): a whole minute's allowance may come as one burst, and then
 * calls pass as the allowance grows back. One number a key; keys at rest are forgotten.
 */
export class RateLimiter {
  readonly #clock: Clock;
  /** Key to its theoretical arrival time in milliseconds. */
  readonly #arrival: Map<string, number> = new Map();

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Takes one call of `perMinute`. */
  take(key: string, perMinute: number): RateVerdict {
    const now = this.#clock.now();
    const intervalMs = 60_000 / perMinute;
    const arrival = Math.max(now, this.#arrival.get(key) ?? 0);
    const waitMs = arrival + intervalMs - now - 60_000;
    if (waitMs > 1e-6) return { allowed: false, retryAfterMs: Math.ceil(waitMs) };
    this.#arrival.set(key, arrival + intervalMs);
    if (this.#arrival.size > maximumKeys) this.#forget(now);
    return { allowed: true };
  }

  #forget(now: number): void {
    for (const [key, arrival] of this.#arrival) if (arrival <= now) this.#arrival.delete(key);
    for (const key of this.#arrival.keys()) {
      if (this.#arrival.size <= maximumKeys / 2) break;
      this.#arrival.delete(key);
    }
  }
}
