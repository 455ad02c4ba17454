import { setTimeout as delay } from 'node:timers/promises';
import { ProcessEnded } from './process-ended.ts';

/** A process that is up. */
export interface Running {
  readonly pid: number;
  /** Resolves with how it ended, once it is gone. */
  readonly exited: Promise<ProcessEnded>;
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): void;
}

/** How a process is kept. */
export interface KeepOptions<T> {
  readonly name: string;
  /** Starts it and waits until it is up; throws when it cannot, and at once when the signal says so. */
  readonly start: (signal: AbortSignal) => Promise<T>;
  /** Nothing is started any more once it is aborted. */
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
  /** It runs again, as another process. */
  readonly onRestart: () => void;
  /** It ended and cannot be started again. */
  readonly onFatal: (error: unknown) => void;
  readonly pauseMs?: (failures: number) => number;
}

const firstTries = 3;
/** Having run so long, an end counts as the first again. */
const steadyMs = 60_000;

/** The pause before a process is started again: 0.25 s after its first end, doubled after each one more, 30 s at most. */
export function restartPauseMs(failures: number): number {
  return Math.min(30_000, 250 * 2 ** (failures - 1));
}

/** A process that is started again, with growing pauses, whenever it ends by itself. */
export class KeptProcess<T extends Running> {
  readonly #options: KeepOptions<T>;
  #current: T | undefined;
  #failures = 0;
  #kept: Promise<void> = Promise.resolve();

  constructor(options: KeepOptions<T>) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /** The running process. @throws Error before the first start has succeeded. */
  get current(): T {
    if (!this.#current) throw new Error(`${this.name} has not started`);
    return this.#current;
  }

  /** Starts it, three tries. @throws what the last one threw. */
  async start(): Promise<T> {
    const first = this.#tryUntilUp(firstTries);
    this.#kept = first.then(
      () => this.#keep(),
      // The caller hears of it.
      () => undefined,
    );
    return first;
  }

  /** Ends it; call it after the signal. */
  async stop(): Promise<void> {
    const ended = this.#current;
    await ended?.stop();
    await this.#kept;
    // One that was on its way up when the signal came is up by now.
    if (this.#current !== ended) await this.#current?.stop();
  }

  /** SIGKILL. */
  kill(): void {
    this.#current?.kill();
  }

  async #keep(): Promise<void> {
    const { signal, say, onRestart, onFatal } = this.#options;
    while (!signal.aborted) {
      const began = performance.now();
      const ended = await this.current.exited;
      if (signal.aborted) return;
      if (ended.isFinal) return onFatal(ended);
      if (performance.now() - began > steadyMs) this.#failures = 0;
      try {
        await this.#pause(ended);
        await this.#tryUntilUp(Number.POSITIVE_INFINITY);
      } catch (error) {
        return signal.aborted ? undefined : onFatal(error);
      }
      say(`${this.name} runs again (process ${this.current.pid})`);
      onRestart();
    }
  }

  async #tryUntilUp(tries: number): Promise<T> {
    const { start, signal } = this.#options;
    for (;;) {
      try {
        this.#current = await start(signal);
        return this.#current;
      } catch (error) {
        const isFinal = error instanceof ProcessEnded && error.isFinal;
        if (signal.aborted || isFinal || this.#failures + 1 >= tries) throw error;
        await this.#pause(error as Error);
      }
    }
  }

  async #pause(cause: Error): Promise<void> {
    const { signal, say, pauseMs = restartPauseMs } = this.#options;
    this.#failures += 1;
    const pause = pauseMs(this.#failures);
    say(cause.message);
    say(`starting ${this.name} again in ${pause / 1000} s`);
    await delay(pause, undefined, { signal });
  }
}
