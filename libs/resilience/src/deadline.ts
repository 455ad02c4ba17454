import { type Clock, systemClock } from './clock.ts';

/** The one moment by which everything a request does must be over. */
export class Deadline {
  readonly #clock: Clock;
  readonly #endMs: number;

  constructor(remainingMs: number, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#endMs = clock.now() + remainingMs;
  }

  /** Milliseconds left, never negative. */
  remainingMs(): number {
    return Math.max(0, this.#endMs - this.#clock.now());
  }

  /** Whether the time is over. */
  expired(): boolean {
    return this.remainingMs() === 0;
  }
}
