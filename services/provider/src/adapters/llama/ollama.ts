/** An Ollama server: whether it answers and which models it has, looked at now and then and after every failure. */
import type { Logger } from '@refrain/service';
import type { UpstreamFetch } from '../../upstream/http.ts';
import { listOf, objectOf, textOf, tryParse } from '../../upstream/json.ts';
import type { AdapterCall, AdapterContext, AdapterEvent } from '../adapter.ts';
import { readStream } from '../reader.ts';
import { OllamaStream } from './parse-stream.ts';
import { toOllamaError } from './to-error.ts';
import { toOllamaRequest } from './to-request.ts';

const probeEveryMs = 30_000;
const probeLimitMs = 2000;

/** What an Ollama server is spoken to with. */
export interface OllamaOptions {
  readonly url: string;
  readonly fetch: UpstreamFetch;
  readonly log: Logger;
  /** Called after every look. */
  readonly onLook: () => void;
}

/** A server that may come and go. */
export class OllamaServer {
  readonly #options: OllamaOptions;
  readonly #base: string;
  readonly #timer: NodeJS.Timeout;
  #probe: Promise<void> | undefined;
  #models: ReadonlySet<string> = new Set();
  #reachable: boolean | undefined;

  constructor(options: OllamaOptions) {
    this.#options = options;
    this.#base = options.url.replace(/\/+$/, '');
    this.#timer = setInterval(() => void this.probe(), probeEveryMs);
    this.#timer.unref();
  }

  /** Whether the last look found it; undefined before the first. */
  get reachable(): boolean | undefined {
    return this.#reachable;
  }

  /** The models it had at the last look. */
  get models(): ReadonlySet<string> {
    return this.#models;
  }

  /** Ollama reads a name without a tag as `:latest`. */
  has(model: string): boolean {
    return this.#models.has(model) || this.#models.has(`${model}:latest`);
  }

  /** Looks once; looks at the same time are one. */
  probe(): Promise<void> {
    this.#probe ??= this.#look().finally(() => {
      this.#probe = undefined;
    });
    return this.#probe;
  }

  async #look(): Promise<void> {
    const models = await this.#list();
    const reachable = models !== undefined;
    this.#models = new Set(models ?? []);
    if (reachable !== this.#reachable) {
      this.#options.log.info({ reachable, models: models?.length ?? 0 }, 'looked for an Ollama server');
    }
    this.#reachable = reachable;
    this.#options.onLook();
  }

  async #list(): Promise<string[] | undefined> {
    try {
      const url = new URL(`${this.#base}/api/tags`);
      const reply = await this.#options.fetch({ url, method: 'GET', signal: AbortSignal.timeout(probeLimitMs) });
      const body = objectOf(tryParse(await reply.text(1024 * 1024)));
      if (reply.status !== 200 || !Array.isArray(body.models)) return undefined;
      return listOf(body.models)
        .map((model) => textOf(objectOf(model).name))
        .filter((name) => name !== '');
    } catch {
      // No server there is the usual case, not a fault.
      return undefined;
    }
  }

  /** Asks the server. Throws at once what Ollama cannot do. */
  stream(call: AdapterCall, context: AdapterContext): AsyncIterable<AdapterEvent> {
    const body = JSON.stringify(toOllamaRequest(call));
    const url = new URL(`${this.#base}/api/chat`);
    const reader = new OllamaStream(call.model);
    const request = { url, body, headers: { accept: 'application/x-ndjson' }, signal: context.signal };
    const to = { reader, contentType: /json/, toError: toOllamaError };
    return this.#watched(readStream(context.fetch, request, to), context.signal);
  }

  async *#watched(events: AsyncIterable<AdapterEvent>, signal: AbortSignal): AsyncGenerator<AdapterEvent> {
    try {
      yield* events;
    } catch (error) {
      if (!signal.aborted) void this.probe();
      throw error;
    }
  }

  /** Stops looking. */
  close(): void {
    clearInterval(this.#timer);
  }
}
