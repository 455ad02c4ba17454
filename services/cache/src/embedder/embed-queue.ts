/**
 * Texts on their way to the embedder. Batching is by need: an idle embedder gets a text at once, a busy one gets what has come
 * meanwhile when it is free, so that the batching window is the running batch and no text waits on a timer.
 *
 * Nobody waits in vain. A text that could not be ready in time, by the pace of the last batches, is refused at once; one that was not
 * ready in time leaves the queue; and when several in a row were not, all are refused until the embedder answers again.
 */
import { RefrainError } from '@refrain/errors';
import { embedderDown } from './embedder.ts';
import type { Unusable } from './protocol.ts';

interface Waiting {
  readonly text: string;
  readonly timer: NodeJS.Timeout;
  resolve(vector: Float32Array): void;
  reject(error: RefrainError): void;
}

/** What became of a text. */
export type Embedded = { readonly vector: Float32Array } | { readonly unusable: Unusable };

const lateInARow = 3;
const reasons = { too_long: 'TOO_LONG', unknown_symbols: 'UNKNOWN_SYMBOLS' } as const;

/** One queue before one embedder. */
export class EmbedQueue {
  readonly #deadlineMs: number;
  readonly #maximumBatch: number;
  #waiting: Waiting[] = [];
  #running: Waiting[] = [];
  #sentAt = 0;
  #msPerText = 0;
  #late = 0;

  constructor(options: { deadlineMs: number; maximumBatch: number }) {
    this.#deadlineMs = options.deadlineMs;
    this.#maximumBatch = options.maximumBatch;
  }

  /** Whether a batch is with the embedder. */
  get busy(): boolean {
    return this.#running.length > 0;
  }

  /** @throws RefrainError as `Embedder.embed` says */
  add(text: string): Promise<Float32Array> {
    if (this.#late >= lateInARow) return Promise.reject(embedderDown());
    if ((this.#waiting.length + this.#running.length) * this.#msPerText > this.#deadlineMs) {
      return Promise.reject(new RefrainError('overloaded', 'The embedder is busy.', { reason: 'EMBEDDER_BUSY' }));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#late += 1;
        this.#waiting = this.#waiting.filter((each) => each !== waiting);
        reject(new RefrainError('deadline', 'The embedding took too long.', { reason: 'EMBEDDER_SLOW' }));
      }, this.#deadlineMs);
      const waiting: Waiting = { text, timer, resolve, reject };
      this.#waiting.push(waiting);
    });
  }

  /** Takes the next batch, unless one is running or nothing waits. */
  next(): string[] {
    if (this.busy) return [];
    this.#running = this.#waiting.splice(0, this.#maximumBatch);
    this.#sentAt = performance.now();
    return this.#running.map(({ text }) => text);
  }

  /** Answers the running batch, each text by its place. */
  settle(results: readonly Embedded[]): void {
    const batch = this.#finish();
    const sample = Math.min(this.#deadlineMs, performance.now() - this.#sentAt) / Math.max(1, batch.length);
    this.#msPerText = this.#msPerText === 0 ? sample : 0.7 * this.#msPerText + 0.3 * sample;
    for (const [i, { resolve, reject }] of batch.entries()) {
      const result = results[i];
      if (!result) reject(embedderDown());
      else if ('vector' in result) resolve(result.vector);
      else
        reject(new RefrainError('unsupported', 'The embedder cannot read that.', { reason: reasons[result.unusable] }));
    }
  }

  /** The running batch failed. */
  fail(): void {
    for (const { reject } of this.#finish()) reject(embedderDown());
  }

  /** The embedder is gone: everybody hears so. */
  clear(): void {
    this.fail();
    for (const { timer, reject } of this.#waiting.splice(0)) {
      clearTimeout(timer);
      reject(embedderDown());
    }
  }

  #finish(): Waiting[] {
    const batch = this.#running;
    this.#running = [];
    this.#late = 0;
    for (const { timer } of batch) clearTimeout(timer);
    return batch;
  }
}
