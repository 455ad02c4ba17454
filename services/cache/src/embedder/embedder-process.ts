/** The embedder in a child process. A child that dies or hangs is replaced, with growing pauses; meanwhile callers hear so at once. */

import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { embeddedForm } from '@refrain/judgement';
import { BoundedMap } from '@refrain/resilience';
import type { Logger } from '@refrain/service';
import { type Embedded, EmbedQueue, type Urgency } from './embed-queue.ts';
import { type Embedder, embedderDown } from './embedder.ts';
import { dimensions } from './model.ts';
import type { EmbedReply } from './protocol.ts';

/** How patient the embedder's parent is. */
export interface EmbedderOptions {
  readonly modelsFolder: string;
  readonly log: Logger;
  /** For one text of a lookup, from asking to its vector. */
  readonly deadlineMs?: number;
  /** The same for a store. */
  readonly patienceMs?: number;
  /** For one batch; after that the child is taken to hang. */
  readonly hangMs?: number;
}

const maximumBatch = 8;
const maximumPauseMs = 10_000;
/** Recent vectors: the store that follows a miss needs the one its lookup computed. */
const remembered = 512;

/** Starts the child in the background. */
export class EmbedderProcess implements Embedder {
  readonly #options: EmbedderOptions;
  readonly #queue: EmbedQueue;
  #recent: BoundedMap<string, Float32Array> = new BoundedMap(remembered);
  #child: ChildProcess | undefined;
  #loaded = false;
  #stopped = false;
  #restarts = 0;
  #restart: NodeJS.Timeout | undefined;
  #hang: NodeJS.Timeout | undefined;
  #texts: string[] = [];
  #lastId = 0;

  constructor(options: EmbedderOptions) {
    this.#options = options;
    const { deadlineMs = 350, patienceMs = 3000 } = options;
    this.#queue = new EmbedQueue({ deadlineMs, patienceMs, maximumBatch });
    this.#start();
  }

  get ready(): boolean {
    return this.#loaded;
  }

  get state(): string {
    if (this.#loaded) return 'up';
    return this.#restarts === 0 ? 'starting: exact answers only' : 'down: exact answers only';
  }

  /** For tests and operators: the child's process id. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  embed(question: string, urgency: Urgency = 'urgent'): Promise<Float32Array> {
    const text = embeddedForm(question);
    const known = this.#recent.get(text);
    if (known) return Promise.resolve(known);
    if (!this.#loaded) return Promise.reject(embedderDown());
    const result = this.#queue.add(text, urgency);
    this.#sendNext();
    return result;
  }

  known(question: string): Float32Array | undefined {
    return this.#recent.get(embeddedForm(question));
  }

  forget(): void {
    this.#recent = new BoundedMap(remembered);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#restart);
    clearTimeout(this.#hang);
    this.#queue.clear();
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  }

  #start(): void {
    const program = join(import.meta.dirname, 'child.main.ts');
    this.#child = undefined;
    let child: ChildProcess;
    try {
      child = fork(program, [this.#options.modelsFolder], { serialization: 'advanced' });
    } catch (err) {
      this.#onTrouble(err);
      return;
    }
    this.#child = child;
    child.on('message', (reply: EmbedReply) => this.#receive(reply));
    child.once('exit', (code, signal) => this.#onExit(code, signal));
    child.on('error', (err) => this.#onTrouble(err, child));
  }

  /** One that could not even be started (no memory, no process to be had) has no exit to be heard. */
  #onTrouble(err: unknown, child?: ChildProcess): void {
    this.#options.log.error({ err }, 'trouble with the embedder');
    if (child?.pid !== undefined || child !== this.#child) return;
    this.#child = undefined;
    this.#onExit(null, null);
  }

  #receive(reply: EmbedReply): void {
    if (reply.id === 0) {
      this.#loaded = true;
      this.#options.log.info({}, 'the embedding model is loaded');
      return;
    }
    clearTimeout(this.#hang);
    this.#restarts = 0;
    if ('error' in reply) {
      this.#options.log.error({ reason: reply.error }, 'embedding failed');
      this.#queue.fail();
    } else {
      const { vectors, unusable } = reply;
      const results = this.#texts.map((text, i): Embedded => {
        const why = unusable[i];
        if (why) return { unusable: why };
        const vector = vectors.slice(i * dimensions, (i + 1) * dimensions);
        this.#recent.set(text, vector);
        return { vector };
      });
      this.#queue.settle(results);
    }
    this.#sendNext();
  }

  #sendNext(): void {
    const texts = this.#queue.next();
    if (texts.length === 0) return;
    this.#texts = texts;
    this.#lastId += 1;
    // A channel that is closing fails here; the exit that follows answers everybody.
    this.#child?.send({ id: this.#lastId, texts }, () => undefined);
    this.#hang = setTimeout(() => {
      this.#options.log.error({}, 'the embedder hangs and is replaced');
      this.#child?.kill('SIGKILL');
    }, this.#options.hangMs ?? 10_000);
  }

  #onExit(code: number | null, signal: string | null): void {
    clearTimeout(this.#hang);
    this.#loaded = false;
    this.#queue.clear();
    if (this.#stopped) return;
    const pauseMs = Math.min(maximumPauseMs, 100 * 2 ** this.#restarts);
    this.#restarts += 1;
    this.#options.log.error({ code, signal, pauseMs }, 'the embedder ended and is started again');
    this.#restart = setTimeout(() => this.#start(), pauseMs);
  }
}
