/**
 * The parent's side of the embedder. Batching is by need: an idle child gets a text at once, a busy one gets everything that has
 * come meanwhile when it is free (so the window is the running batch, and no text waits on a timer). A child that dies or hangs is
 * replaced, with growing pauses; meanwhile callers hear so at once.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { RefrainError } from '@refrain/errors';
import { withTimeout } from '@refrain/resilience';
import type { Logger } from '@refrain/service';
import { dimensions } from './model.ts';
import type { EmbedReply } from './protocol.ts';

/** Turns questions into unit vectors. */
export interface Embedder {
  /** Whether a model is loaded and answering. */
  readonly ready: boolean;
  /** @throws RefrainError `unavailable` (EMBEDDER_DOWN), `overloaded` (EMBEDDER_BUSY), `deadline`. */
  embed(text: string): Promise<Float32Array>;
  stop(): Promise<void>;
}

interface Waiting {
  readonly text: string;
  resolve(vector: Float32Array): void;
  reject(error: RefrainError): void;
}

const maximumBatch = 32;
const maximumWaiting = 256;
const deadlineMs = 250;
const hangMs = 10_000;
const maximumPauseMs = 10_000;
/** Recent vectors: the store that follows a miss needs the one its lookup computed. */
const remembered = 512;

/** Starts the child in the background. */
export class EmbedderProcess implements Embedder {
  readonly #modelsFolder: string;
  readonly #log: Logger;
  readonly #recent: Map<string, Float32Array> = new Map();
  #child: ChildProcess | undefined;
  #loaded = false;
  #stopped = false;
  #restarts = 0;
  #restart: NodeJS.Timeout | undefined;
  #hang: NodeJS.Timeout | undefined;
  #waiting: Waiting[] = [];
  #running: Waiting[] = [];
  #lastId = 0;

  constructor(modelsFolder: string, log: Logger) {
    this.#modelsFolder = modelsFolder;
    this.#log = log;
    this.#start();
  }

  get ready(): boolean {
    return this.#loaded;
  }

  /** For tests and operators: the child's process id. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  embed(text: string): Promise<Float32Array> {
    const known = this.#recent.get(text);
    if (known) return Promise.resolve(known);
    if (!this.#loaded) return Promise.reject(down());
    if (this.#waiting.length >= maximumWaiting) {
      return Promise.reject(new RefrainError('overloaded', 'The embedder is busy.', { reason: 'EMBEDDER_BUSY' }));
    }
    const result = new Promise<Float32Array>((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject });
    });
    this.#sendNext();
    return withTimeout(result, deadlineMs, 'The embedding');
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#restart);
    clearTimeout(this.#hang);
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  }

  #start(): void {
    const child = fork(join(import.meta.dirname, 'child.main.ts'), [this.#modelsFolder], { serialization: 'advanced' });
    this.#child = child;
    child.on('message', (reply: EmbedReply) => this.#receive(reply));
    child.once('exit', (code, signal) => this.#onExit(code, signal));
    child.once('error', (err) => this.#log.error({ err }, 'the embedder could not be started'));
  }

  #receive(reply: EmbedReply): void {
    if (reply.id === 0) {
      this.#loaded = true;
      this.#log.info({}, 'the embedding model is loaded');
      return;
    }
    clearTimeout(this.#hang);
    this.#restarts = 0;
    const answered = this.#running;
    this.#running = [];
    for (const [i, each] of answered.entries()) {
      if ('error' in reply) {
        each.reject(new RefrainError('unavailable', 'The text could not be embedded.', { reason: 'EMBEDDER_DOWN' }));
        continue;
      }
      const vector = reply.vectors.slice(i * dimensions, (i + 1) * dimensions);
      this.#remember(each.text, vector);
      each.resolve(vector);
    }
    if ('error' in reply) this.#log.error({ reason: reply.error }, 'embedding failed');
    this.#sendNext();
  }

  #sendNext(): void {
    if (this.#running.length > 0 || this.#waiting.length === 0 || !this.#loaded) return;
    this.#running = this.#waiting.splice(0, maximumBatch);
    this.#lastId += 1;
    this.#child?.send({ id: this.#lastId, texts: this.#running.map(({ text }) => text) });
    this.#hang = setTimeout(() => {
      this.#log.error({}, 'the embedder hangs and is replaced');
      this.#child?.kill('SIGKILL');
    }, hangMs);
  }

  #onExit(code: number | null, signal: string | null): void {
    clearTimeout(this.#hang);
    this.#loaded = false;
    for (const each of [...this.#running.splice(0), ...this.#waiting.splice(0)]) each.reject(down());
    if (this.#stopped) return;
    const pauseMs = Math.min(maximumPauseMs, 100 * 2 ** this.#restarts);
    this.#restarts += 1;
    this.#log.error({ code, signal, pauseMs }, 'the embedder ended and is started again');
    this.#restart = setTimeout(() => this.#start(), pauseMs);
  }

  #remember(text: string, vector: Float32Array): void {
    this.#recent.set(text, vector);
    if (this.#recent.size <= remembered) return;
    const [oldest] = this.#recent.keys();
    if (oldest !== undefined) this.#recent.delete(oldest);
  }
}

/** Stands in where there is no model: the cache then runs exact-only. */
export const noEmbedder: Embedder = {
  ready: false,
  embed: () => Promise.reject(down()),
  stop: () => Promise.resolve(),
};

function down(): RefrainError {
  return new RefrainError('unavailable', 'The embedder is not ready.', { reason: 'EMBEDDER_DOWN' });
}
