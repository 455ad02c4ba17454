import { type Clock, systemClock } from './clock.ts';

const slots = 12;

/** How often something happened lately: in the last `windowMs`, forgotten a twelfth at a time. */
export class RollingCount {
  readonly #clock: Clock;
  readonly #slotMs: number;
  readonly #counts: number[] = new Array<number>(slots).fill(0);
  #newest = 0;
  #total = 0;

  constructor(windowMs: number, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#slotMs = windowMs / slots;
    this.#newest = Math.floor(clock.now() / this.#slotMs);
  }

  /** It happened once more. */
  add(): void {
    this.#forget();
    const slot = this.#newest % slots;
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
    this.#total += 1;
  }

  /** How often in the window. */
  get total(): number {
    this.#forget();
    return this.#total;
  }

  #forget(): void {
    const current = Math.floor(this.#clock.now() / this.#slotMs);
    for (let steps = Math.min(slots, current - this.#newest); steps > 0; steps -= 1) {
      const slot = (current - steps + 1) % slots;
      this.#total -= this.#counts[slot] ?? 0;
      this.#counts[slot] = 0;
    }
    this.#newest = current;
  }
}
