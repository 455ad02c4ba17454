/**
 * The three limits on an upstream's time: the first word, the pause between words, and the whole. What a keep-alive
 * comment proves differs: before the first word nothing (the gate must open in time), after it that the peer lives.
 */
import { RefrainError } from '@refrain/errors';
import { longestTimerMs } from './deadline.ts';

/** Limits in milliseconds. */
export interface TimeLimits {
  readonly firstChunkMs: number;
  readonly interChunkMs: number;
  /** Left of the request's one deadline. */
  readonly remainingMs: number;
}

/** Calls `stop` with the reason when a limit is passed. */
export class Watchdog {
  readonly #deadline: NodeJS.Timeout;
  readonly #first: NodeJS.Timeout;
  readonly #interChunkMs: number;
  readonly #stop: (reason: RefrainError) => void;
  #between: NodeJS.Timeout | undefined;

  constructor(limits: TimeLimits, stop: (reason: RefrainError) => void) {
    this.#stop = stop;
    this.#interChunkMs = limits.interChunkMs;
    const remainingMs = Math.min(limits.remainingMs, longestTimerMs);
    this.#deadline = setTimeout(() => stop(new RefrainError('deadline', 'The deadline passed.')), remainingMs);
    this.#first = setTimeout(() => stop(silent('did not begin to answer in time')), limits.firstChunkMs);
  }

  /** Bytes came; `working` when they show the model at work (a word, a thought). */
  heard(working: boolean): void {
    if (!this.#between && !working) return;
    clearTimeout(this.#between ?? this.#first);
    this.#between = setTimeout(() => this.#stop(silent('fell silent in the middle')), this.#interChunkMs);
  }

  /** Ends the watch. */
  end(): void {
    clearTimeout(this.#deadline);
    clearTimeout(this.#first);
    clearTimeout(this.#between);
  }
}

function silent(what: string): RefrainError {
  return new RefrainError('unavailable', `The provider ${what}.`, { reason: 'UPSTREAM_SILENT' });
}
