import { type Clock, systemClock } from '@refrain/resilience';

const kept = 31;
/** What is older says nothing about now: a model that was slow is tried again. */
const maximumAgeMs = 300_000;

/** How soon models began to speak in their last calls. */
export class Latencies {
  readonly #clock: Clock;
  readonly #calls: Map<string, { readonly tookMs: number; readonly atMs: number }[]> = new Map();

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Its first piece came after so long. */
  add(name: string, tookMs: number): void {
    const calls = this.#calls.get(name) ?? [];
    calls.push({ tookMs, atMs: this.#clock.now() });
    if (calls.length > kept) calls.shift();
    this.#calls.set(name, calls);
  }

  /** The middle one of those of the last five minutes, 31 at most; undefined where there are none. */
  p50Ms(name: string): number | undefined {
    const recent = this.#recent(name);
    return recent[Math.floor(recent.length / 2)];
  }

  /** All but one of twenty are quicker, of the same; undefined where there are fewer than twenty. */
  p95Ms(name: string): number | undefined {
    const recent = this.#recent(name);
    return recent.length < 20 ? undefined : recent[Math.floor(recent.length * 0.95)];
  }

  #recent(name: string): number[] {
    const since = this.#clock.now() - maximumAgeMs;
    const recent = (this.#calls.get(name) ?? []).filter(({ atMs }) => atMs >= since).map(({ tookMs }) => tookMs);
    return recent.sort((a, b) => a - b);
  }
}
