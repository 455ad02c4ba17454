/** Builds the workers from their parts: one for each provider that this process serves and has keys for. */
import type { Bus } from '@refrain/bus';
import type { Logger, MeshConfig, Metrics, Readiness, Secret } from '@refrain/service';
import type { Adapter } from './adapters/adapter.ts';
import { createAdapter } from './adapters/index.ts';
import { LocalKeyPool } from './keys.ts';
import { createWorkerMetrics } from './metrics.ts';
import type { UpstreamFetch } from './upstream/http.ts';
import { startWorker, type Worker } from './worker.ts';

/** What the service is made of. */
export interface ProviderServiceParts {
  readonly mesh: MeshConfig;
  /** Names of the mesh's providers. */
  readonly providers: readonly string[];
  readonly keysOf: (stem: string) => readonly Secret[];
  readonly llama: { readonly ollamaUrl: string | undefined; readonly modelsDirectory: string };
  readonly bus: Bus;
  readonly fetch: UpstreamFetch;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** The running workers. */
export interface ProviderService {
  readonly providers: readonly string[];
  ready(): Readiness;
  /** Lets what runs finish within `graceMs`, settles all usage, lets go of models and servers. */
  drain(graceMs: number): Promise<void>;
}

interface Served {
  readonly worker: Worker;
  readonly adapter: Adapter;
  readonly keys: LocalKeyPool | undefined;
}

/** Starts a worker for each provider that has keys or needs none; the others stay without responder, known at once. */
export function startProviderService(parts: ProviderServiceParts): ProviderService {
  const metrics = createWorkerMetrics(parts.metrics);
  const served = new Map<string, Served>();
  for (const provider of parts.providers) {
    const config = parts.mesh.providers[provider];
    if (!config) continue;
    const secrets = config.keys === undefined ? [] : parts.keysOf(config.keys);
    if (!config.keyless && secrets.length === 0) {
      parts.log.info({ provider }, 'not served: no key is set');
      continue;
    }
    const keys = secrets.length > 0 ? new LocalKeyPool(secrets) : undefined;
    const adapter = createAdapter(config, { ...parts.llama, fetch: parts.fetch, log: parts.log });
    const { bus, fetch, log } = parts;
    served.set(provider, {
      worker: startWorker({ provider, config, adapter, keys, fetch, bus, log, metrics }),
      adapter,
      keys,
    });
    log.info({ provider, adapter: config.adapter, keyCount: secrets.length }, 'serving');
  }
  return {
    providers: [...served.keys()],
    ready: () => {
      const states = [...served].map(([name, each]) => ({ name, ...each.adapter.state(), keys: each.keys?.counts() }));
      const described = states.map(({ name, text, keys }) => [name, keys ? `${text}, ${describe(keys)}` : text]);
      const nats = parts.bus.connected ? 'connected' : 'not connected';
      return {
        ok: parts.bus.connected && states.every((state) => state.ok),
        parts: Object.fromEntries([['nats', nats], ...described]),
      };
    },
    drain: async (graceMs) => {
      await Promise.all([...served.values()].map((each) => each.worker.drain(graceMs)));
      await Promise.all([...served.values()].map((each) => each.adapter.close()));
    },
  };
}

function describe(keys: { active: number; resting: number; disabled: number }): string {
  return `${keys.active} keys active, ${keys.resting} resting, ${keys.disabled} disabled`;
}
