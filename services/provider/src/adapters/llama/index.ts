/**
 * Local models: an Ollama server where one answers, with the models it has; else the small model in this process. The
 * small one, once loaded, stays beside a server that comes back.
 */
import type { Logger } from '@refrain/service';
import type { UpstreamFetch } from '../../upstream/http.ts';
import type { Adapter } from '../adapter.ts';
import { GgufModel } from './gguf.ts';
import { localModel } from './local-model.ts';
import { OllamaServer } from './ollama.ts';

const defaultOllamaUrl = 'http://127.0.0.1:11434';

/** What the adapter works with. */
export interface LlamaOptions {
  /** Absent: looked for on this machine. */
  readonly ollamaUrl?: string | undefined;
  readonly modelsDirectory: string;
  readonly fetch: UpstreamFetch;
  readonly log: Logger;
}

/** Starts looking for models; `state()` tells when they can be asked. */
export function createLlamaAdapter(options: LlamaOptions): Adapter {
  const gguf = new GgufModel(options.modelsDirectory, options.log);
  const ollama = new OllamaServer({
    url: options.ollamaUrl ?? defaultOllamaUrl,
    fetch: options.fetch,
    log: options.log,
    onChange: (reachable) => {
      if (!reachable) void gguf.load();
    },
  });
  void ollama.probe();
  const isLocal = (model: string) => model === localModel.name && gguf.ready;
  return {
    stream: (call, context) =>
      !ollama.has(call.model) && isLocal(call.model) ? gguf.stream(call, context.signal) : ollama.stream(call, context),
    has: (model) => ollama.has(model) || isLocal(model),
    state: () => {
      if (ollama.reachable === undefined) return { ok: false, text: 'looking for Ollama' };
      if (ollama.reachable) return { ok: true, text: `Ollama with ${ollama.models.size} models` };
      // Without any model the mesh still starts: its other providers and templates answer.
      return { ok: !gguf.loading, text: `no Ollama; ${localModel.name}: ${gguf.state}` };
    },
    close: async () => {
      ollama.close();
      await gguf.close();
    },
  };
}
