/**
 * How long one caller listens. Until it is known who answers, a little of its time is kept back, so that a template can still
 * answer in time; once somebody speaks, the caller hears on to its own last moment.
 */
import { RefrainError } from '@refrain/errors';
import type { Deadline } from '@refrain/resilience';

/** A tenth of the time, at most this: a template takes a millisecond, a busy machine needs more. */
const reserveMs = 250;

/** One caller's patience, from now on. */
export class Patience {
  readonly #deadline: Deadline;
  readonly #signal: AbortSignal;
  readonly #over: Promise<never>;
  #end: (error: RefrainError) => void = () => undefined;
  #timer: NodeJS.Timeout;

  constructor(deadline: Deadline, signal: AbortSignal) {
    this.#deadline = deadline;
    this.#signal = signal;
    this.#over = new Promise<never>((_, reject) => {
      this.#end = reject;
    });
    const remainingMs = deadline.remainingMs();
    this.#timer = this.#endIn(remainingMs - Math.min(reserveMs, remainingMs / 10));
    if (signal.aborted) this.#leave();
    else signal.addEventListener('abort', this.#leave, { once: true });
  }

  /** Somebody speaks: the whole deadline counts from here. */
  extend(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#endIn(this.#deadline.remainingMs());
  }

  /**
   * The same events until patience ends; then the source is left at once, also while nobody reads.
   * The iterator throws RefrainError `deadline` or `canceled`.
   */
  limit<Event>(events: AsyncIterable<Event>): AsyncGenerator<Event> {
    const iterator = events[Symbol.asyncIterator]();
    const leave = () => void iterator.return?.();
    this.#over.catch(leave);
    return this.#read(iterator);
  }

  async *#read<Event>(iterator: AsyncIterator<Event>): AsyncGenerator<Event> {
    try {
      for (;;) {
        // Patience first: a source that was left ends without a word, which must not look like its own end.
        const step = await Promise.race([this.#over, iterator.next()]);
        if (step.done) return;
        yield step.value;
      }
    } finally {
      clearTimeout(this.#timer);
      this.#signal.removeEventListener('abort', this.#leave);
      await iterator.return?.();
    }
  }

  readonly #leave = () => this.#end(new RefrainError('canceled', 'The caller left.'));

  #endIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#end(new RefrainError('deadline', 'The deadline passed.')), Math.max(0, ms));
  }
}
