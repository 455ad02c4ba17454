/** How often a request may go upstream, counted over keys, retries and routes together. */
export class AttemptBudget {
  readonly #max: number;
  #used = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Takes one attempt; false when none is left. */
  take(): boolean {
    if (this.#used >= this.#max) return false;
    this.#used += 1;
    return true;
  }

  /** Attempts taken so far. */
  get used(): number {
    return this.#used;
  }
}
