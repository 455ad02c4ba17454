import type { Logger, ProviderConfig } from '@refrain/service';
import type { UpstreamFetch } from '../upstream/http.ts';
import type { Adapter } from './adapter.ts';
import { createClaudeAdapter } from './claude/index.ts';
import { createGeminiAdapter } from './gemini/index.ts';
import { createLlamaAdapter } from './llama/index.ts';
import { createOpenAiAdapter } from './openai/index.ts';

/** What adapters of local models need beside their section of refrain.yaml. */
export interface AdapterSurroundings {
  readonly ollamaUrl: string | undefined;
  readonly modelsFolder: string;
  readonly fetch: UpstreamFetch;
  readonly log: Logger;
}

/** The adapter that a provider's section names. */
export function createAdapter(config: ProviderConfig, surroundings: AdapterSurroundings): Adapter {
  switch (config.adapter) {
    case 'openai':
      return createOpenAiAdapter(config);
    case 'claude':
      return createClaudeAdapter(config);
    case 'gemini':
      return createGeminiAdapter(config);
    case 'llama': {
      const { models } = config;
      return createLlamaAdapter({ ...surroundings, models, ollamaUrl: config.baseUrl ?? surroundings.ollamaUrl });
    }
  }
}
