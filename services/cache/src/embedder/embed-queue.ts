/**
 * Texts on their way to the embedder: lookups, which somebody waits for, before stores, which can wait. Batching is by need: an idle embedder gets a text at once, a busy one gets what has come
 * meanwhile when it is free, so that the batching window is the running batch and no text waits on a timer.
 *
 * Nobody waits in vain. A lookup that could not be ready in time, by the pace of the last batches, is refused at once; a text that was
 * not ready in time leaves the queue; and when several in a row were not, all are refused until the embedder answers again.
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

/** Whether somebody waits for the vector (a lookup), or not (a store). */
export type Urgency = 'urgent' | 'patient';

const lateInARow = 3;
/** The pace is a rough guess, and one text alone takes twice its time in a batch: only what is surely too late is refused. */
const margin = 2;
/** Stores that may wait; more would not be embedded before their time is over. */
const maximumPatient = 256;
const reasons = { too_long: 'TOO_LONG', unknown_symbols: 'UNKNOWN_SYMBOLS' } as const;

/** One queue before one embedder. */
export class EmbedQueue {
  readonly #deadlineMs: Readonly<Record<Urgency, number>>;
  readonly #maximumBatch: number;
  readonly #waiting: Record<Urgency, Waiting[]> = { urgent: [], patient: [] };
  #running: Waiting[] = [];
  #sentAt = 0;
  #msPerText = 0;
  #late = 0;

  constructor(options: { deadlineMs: number; patienceMs: number; maximumBatch: number }) {
    this.#deadlineMs = { urgent: options.deadlineMs, patient: options.patienceMs };
    this.#maximumBatch = options.maximumBatch;
  }

  /** Whether a batch is with the embedder. */
  get busy(): boolean {
    return this.#running.length > 0;
  }

  /** @throws RefrainError as `Embedder.embed` says */
  add(text: string, urgency: Urgency): Promise<Float32Array> {
    if (this.#late >= lateInARow) return Promise.reject(embedderDown());
    if (this.#isFull(urgency)) {
      return Promise.reject(new RefrainError('overloaded', 'The embedder is busy.', { reason: 'EMBEDDER_BUSY' }));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        // A store that lookups were let before says nothing about the embedder.
        if (urgency === 'urgent' || this.#running.includes(waiting)) this.#late += 1;
        this.#waiting[urgency] = this.#waiting[urgency].filter((each) => each !== waiting);
        reject(new RefrainError('deadline', 'The embedding took too long.', { reason: 'EMBEDDER_SLOW' }));
      }, this.#deadlineMs[urgency]);
      const waiting: Waiting = { text, timer, resolve, reject };
      this.#waiting[urgency].push(waiting);
    });
  }

  #isFull(urgency: Urgency): boolean {
    if (urgency === 'patient') return this.#waiting.patient.length >= maximumPatient;
    const expectedMs = (this.#waiting.urgent.length + this.#running.length) * this.#msPerText;
    return expectedMs > this.#deadlineMs.urgent * margin;
  }

  /** Takes the next batch, unless one is running or nothing waits. */
  next(): string[] {
    if (this.busy) return [];
    const { urgent, patient } = this.#waiting;
    this.#running = urgent.splice(0, this.#maximumBatch);
    this.#running.push(...patient.splice(0, this.#maximumBatch - this.#running.length));
    this.#sentAt = performance.now();
    return this.#running.map(({ text }) => text);
  }

  /** Answers the running batch, each text by its place. */
  settle(results: readonly Embedded[]): void {
    const batch = this.#finish();
    const sample = Math.min(this.#deadlineMs.urgent, performance.now() - this.#sentAt) / Math.max(1, batch.length);
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
    const { urgent, patient } = this.#waiting;
    for (const { timer, reject } of [...urgent.splice(0), ...patient.splice(0)]) {
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
