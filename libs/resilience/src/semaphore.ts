import { RefrainError } from '@refrain/errors';

interface Waiter {
  grant(): void;
}

/** Lets `limit` holders in at once; the rest wait in order, at most `queue` of them. */
export class Semaphore {
  readonly #limit: number;
  readonly #queue: number;
  readonly #waiters: Set<Waiter> = new Set();
  #inUse = 0;

  constructor(limit: number, queue: number) {
    this.#limit = limit;
    this.#queue = queue;
  }

  /** Holders now. */
  get inUse(): number {
    return this.#inUse;
  }

  /** Callers that wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Waits for a place and gives the function that frees it (to be called once).
   * @throws RefrainError `overloaded` when the queue is full; the signal's reason when it aborts first.
   */
  async acquire(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#inUse < this.#limit) {
      this.#inUse += 1;
      return this.#releaser();
    }
    if (this.#waiters.size >= this.#queue) {
      throw new RefrainError('overloaded', 'Too many requests are waiting.', { reason: 'BUSY' });
    }
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        this.#waiters.delete(waiter);
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        grant: () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        },
      };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', abort, { once: true });
    });
    return this.#releaser();
  }

  /** A place passes straight to the first waiter, so `inUse` does not change then. */
  #releaser(): () => void {
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const [next] = this.#waiters;
      if (next) {
        this.#waiters.delete(next);
        next.grant();
      } else {
        this.#inUse -= 1;
      }
    };
  }
}
