/**
 * Local models: an Ollama server where one answers, with the models it has; where there is none, or one without any of
 * our models, the small model in this process. The small one, once loaded, stays beside a server that comes back.
 */
import type { Logger, ModelConfig } from '@refrain/service';
import type { UpstreamFetch } from '../../upstream/http.ts';
import type { Adapter } from '../adapter.ts';
import { GgufModel } from './gguf.ts';
import { modelName } from './model.ts';
import { OllamaServer } from './ollama.ts';

const defaultOllamaUrl = 'http://127.0.0.1:11434';
/** Of the small model, where refrain.yaml does not name it. */
const defaultContextTokens = 2048;

/** What the adapter works with. */
export interface LlamaOptions {
  /** Absent: looked for on this machine. */
  readonly ollamaUrl?: string | undefined;
  /** The models of refrain.yaml that may be asked for. */
  readonly models: readonly Pick<ModelConfig, 'name' | 'contextTokens'>[];
  readonly modelsFolder: string;
  readonly fetch: UpstreamFetch;
  readonly log: Logger;
}

/** Starts looking for models; `state()` tells when they can be asked. */
export function createLlamaAdapter(options: LlamaOptions): Adapter {
  const { log, models, modelsFolder } = options;
  // The router goes by the same number: what does not fit is not even sent here.
  const { contextTokens = defaultContextTokens } = models.find(({ name }) => name === modelName) ?? {};
  const gguf = new GgufModel({ modelsFolder, contextTokens, log });
  const ollama = new OllamaServer({
    url: options.ollamaUrl ?? defaultOllamaUrl,
    fetch: options.fetch,
    log,
    onLook: () => {
      if (!models.some(({ name }) => ollama.has(name))) void gguf.load();
    },
  });
  void ollama.probe();
  const isLocal = (model: string) => model === modelName && gguf.ready;
  return {
    stream: (call, context) =>
      !ollama.has(call.model) && isLocal(call.model) ? gguf.stream(call, context.signal) : ollama.stream(call, context),
    has: (model) => ollama.has(model) || isLocal(model),
    state: () => {
      if (ollama.reachable === undefined) return { ok: false, text: 'looking for Ollama' };
      const server = ollama.reachable ? `Ollama with ${ollama.models.size} models` : 'no Ollama';
      const used = models.filter(({ name }) => ollama.has(name)).length;
      if (used > 0) return { ok: true, text: `${server}, ${used} of ours` };
      // Without any model the mesh still starts: its other providers and templates answer.
      return { ok: !gguf.loading, text: `${server}; ${modelName}: ${gguf.state}` };
    },
    close: async () => {
      ollama.close();
      await gguf.close();
    },
  };
}
