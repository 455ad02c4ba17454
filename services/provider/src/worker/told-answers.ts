import { type Clock, systemClock } from '@refrain/resilience';

/** As long as routers keep the record of a flight that has ended. */
const keptMs = 5000;
const maximumBytes = 64 * 1024 * 1024;

interface Told {
  readonly frames: readonly Uint8Array[];
  readonly bytes: number;
  readonly untilMs: number;
}

/** Whole answers of the last five seconds, for routers whose callers asked the same a moment too late. The oldest make room. */
export class ToldAnswers {
  readonly #clock: Clock;
  /** In the order in which they end. */
  readonly #told: Map<string, Told> = new Map();
  #bytes = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Keeps an attempt's frames. */
  put(attemptId: string, frames: readonly Uint8Array[]): void {
    const bytes = frames.reduce((sum, frame) => sum + frame.length, 0);
    this.#told.set(attemptId, { frames, bytes, untilMs: this.#clock.now() + keptMs });
    this.#bytes += bytes;
    for (const [oldest, { untilMs }] of this.#told) {
      if (untilMs > this.#clock.now() && this.#bytes <= maximumBytes) break;
      this.#forget(oldest);
    }
  }

  /** An attempt's frames, if they are still there. */
  get(attemptId: string): readonly Uint8Array[] | undefined {
    const told = this.#told.get(attemptId);
    return told && told.untilMs > this.#clock.now() ? told.frames : undefined;
  }

  #forget(attemptId: string): void {
    this.#bytes -= this.#told.get(attemptId)?.bytes ?? 0;
    this.#told.delete(attemptId);
  }
}
