/**
 * The break-even meter: whether looking by meaning saves more than it takes. Each cache measures for itself, in windows of lookups: the
 * time spent looking against the time its hits saved their callers, and the money they saved. Where a window lost, the level is left out
 * but for a probe now and then, until the probes win again.
 */

/** What one lookup took and saved. */
export interface Look {
  readonly spentMs: number;
  readonly hit: boolean;
  /** What a fresh answer would have taken; undefined where nobody knows. */
  readonly savedMs: number | undefined;
  readonly savedNanoUsd: bigint;
}

/** A partition that is being filled has little to find yet: neither few lookups nor a few busy minutes are held against it. */
const windowLooks = 500;
const windowMs = 10 * 60_000;
const probeEvery = 20;
const windowProbes = 20;

/** One partition's meter. */
export class Meter {
  readonly #nowMs: () => number;
  #on: boolean = true;
  #beganAtMs: number;
  #skipped: number = 0;
  #looks: number = 0;
  #hits: number = 0;
  #spentMs: number = 0;
  #savedMs: number = 0;
  #savesMoney: boolean = false;
  #timeIsKnown: boolean = true;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
    this.#beganAtMs = nowMs();
  }

  /** Whether the level is on. */
  get on(): boolean {
    return this.#on;
  }

  /** Whether to look this time: always where it is on, else every twentieth time. */
  mayLook(): boolean {
    if (this.#on) return true;
    this.#skipped = (this.#skipped + 1) % probeEvery;
    return this.#skipped === 0;
  }

  /** A lookup is over. Gives `on` or `off` where that switched the level. */
  looked({ spentMs, hit, savedMs, savedNanoUsd }: Look): 'on' | 'off' | undefined {
    this.#looks += 1;
    this.#spentMs += spentMs;
    if (hit) {
      this.#hits += 1;
      this.#savedMs += savedMs ?? 0;
      this.#timeIsKnown &&= savedMs !== undefined;
      this.#savesMoney ||= savedNanoUsd > 0n;
    }
    if (!this.#isWindowOver()) return undefined;
    const was = this.#on;
    this.#on = this.#pays();
    this.#begin();
    return was === this.#on ? undefined : this.#on ? 'on' : 'off';
  }

  #isWindowOver(): boolean {
    if (!this.#on) return this.#looks >= windowProbes;
    return this.#looks >= windowLooks && this.#nowMs() - this.#beganAtMs >= windowMs;
  }

  /** Money is never weighed against milliseconds: whoever saves any stays on, for a miss costs it and the wait for an answer too. */
  #pays(): boolean {
    if (this.#savesMoney) return true;
    return this.#timeIsKnown ? this.#savedMs > this.#spentMs : this.#hits > 0;
  }

  #begin(): void {
    this.#beganAtMs = this.#nowMs();
    this.#looks = 0;
    this.#hits = 0;
    this.#spentMs = 0;
    this.#savedMs = 0;
    this.#savesMoney = false;
    this.#timeIsKnown = true;
  }
}
