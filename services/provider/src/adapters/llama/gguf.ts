/**
 * A small Llama-family model inside this process, so that a machine without keys and without Ollama still gets words
 * from a real model. One thread: two on a busy two-core machine collapse. Evaluation blocks the event loop for up to
 * 0.3 s, which is why the service runs `llama` in a process of its own.
 */
import { RefrainError } from '@refrain/errors';
import { Semaphore } from '@refrain/resilience';
import type { Logger } from '@refrain/service';
import type { LlamaContextSequence } from 'node-llama-cpp';
import type { AdapterCall, AdapterEvent } from '../adapter.ts';
import { type Conversation, converse, type Speaker, toTokens } from './converse.ts';
import { EventQueue } from './event-queue.ts';
import { checkModel, modelFile, modelName } from './model.ts';
import { toHistory } from './to-history.ts';

const conversations = 2;
const defaultMaxTokens = 1000;
/** The least room for an answer that makes asking worth while. */
const leastAnswer = 64;

/** What the model is loaded with. */
export interface GgufOptions {
  readonly modelsFolder: string;
  /** Tokens of prompt and answer for each of the conversations under way; 23 KB of memory a token. At most what the model was trained for. */
  readonly contextTokens: number;
  readonly log: Logger;
}

interface Loaded extends Speaker {
  readonly contextTokens: number;
  readonly free: LlamaContextSequence[];
}

/** The in-process model; loads in the background. */
export class GgufModel {
  readonly #modelsFolder: string;
  readonly #contextTokens: number;
  readonly #log: Logger;
  readonly #places: Semaphore = new Semaphore(conversations, Number.POSITIVE_INFINITY);
  #loading: Promise<void> | undefined;
  #loaded: Loaded | undefined;
  #state = 'not loaded';

  constructor({ contextTokens, log, modelsFolder }: GgufOptions) {
    this.#modelsFolder = modelsFolder;
    this.#contextTokens = contextTokens;
    this.#log = log;
  }

  /** Whether it can be asked. */
  get ready(): boolean {
    return this.#loaded !== undefined;
  }

  /** Whether loading is under way. */
  get loading(): boolean {
    return this.#loading !== undefined && !this.ready && this.#state === 'loading';
  }

  /** A sentence for `/readyz`. */
  get state(): string {
    return this.#state;
  }

  /** Starts loading; a second call changes nothing, unless the file was missing before. Never throws: the state tells. */
  load(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<void> {
    const before = this.#state;
    this.#state = 'loading';
    const began = performance.now();
    const fault = await checkModel(this.#modelsFolder);
    if (fault !== undefined) {
      this.#state = `no model: ${fault}`;
      this.#loading = undefined;
      if (this.#state !== before) this.#log.warn({ fault }, 'the local model cannot be used');
      return;
    }
    try {
      const module = await import('node-llama-cpp');
      const level = module.LlamaLogLevel.error;
      const llama = await module.getLlama({ gpu: false, build: 'never', logLevel: level, progressLogs: false });
      const model = await llama.loadModel({ modelPath: modelFile(this.#modelsFolder) });
      const contextTokens = Math.min(this.#contextTokens, model.trainContextSize);
      if (contextTokens < this.#contextTokens) {
        const asked = this.#contextTokens;
        this.#log.warn({ model: modelName, asked, contextTokens }, 'refrain.yaml says more context than the model has');
      }
      const context = await model.createContext({ contextSize: contextTokens, sequences: conversations, threads: 1 });
      const free = Array.from({ length: conversations }, () => context.getSequence());
      this.#loaded = { module, model, wrapper: module.resolveChatWrapper(model), free, contextTokens };
      this.#state = 'ready';
      this.#log.info({ model: modelName, ms: Math.round(performance.now() - began) }, 'the local model is loaded');
    } catch (err) {
      this.#state = 'the model cannot be loaded';
      this.#log.error({ err }, 'the local model cannot be loaded');
    }
  }

  /** Answers with the model. Throws RefrainError at once for what it cannot do. */
  stream(call: AdapterCall, signal: AbortSignal): AsyncIterable<AdapterEvent> {
    const loaded = this.#loaded;
    if (!loaded) throw new RefrainError('unavailable', 'The local model is not loaded.', { reason: 'MODEL_MISSING' });
    const prompt = toHistory(call.chat);
    const tokens = toTokens(loaded, prompt);
    const room = loaded.contextTokens - tokens.length;
    if (room < leastAnswer) {
      throw new RefrainError('unavailable', 'The prompt is too long for the local model.', {
        reason: 'CONTEXT_TOO_LONG',
      });
    }
    const maxTokens = Math.min(call.chat.maxTokens ?? defaultMaxTokens, room);
    const events = new EventQueue<AdapterEvent>();
    this.#run(loaded, { chat: call.chat, prompt, tokens, maxTokens, signal, events }).then(
      () => events.end(),
      (error: unknown) => events.end({ error: signal.aborted ? signal.reason : error }),
    );
    return events;
  }

  async #run(loaded: Loaded, conversation: Conversation): Promise<void> {
    const leave = await this.#places.acquire(conversation.signal);
    const sequence = loaded.free.pop();
    try {
      if (!sequence) throw new RefrainError('internal', 'No conversation of the local model is free.');
      await converse(loaded, sequence, conversation);
    } finally {
      if (sequence) loaded.free.push(sequence);
      leave();
    }
  }

  /** Frees the model's memory. */
  async close(): Promise<void> {
    await this.#loading;
    await this.#loaded?.model.dispose();
    this.#loaded = undefined;
  }
}
