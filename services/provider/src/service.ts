/** Builds the workers from their parts: one for each provider that this process serves and has keys for. */
import type { Bus } from '@refrain/bus';
import type { Logger, MeshConfig, Metrics, Readiness, Secret } from '@refrain/service';
import type { Adapter } from './adapters/adapter.ts';
import { createAdapter } from './adapters/index.ts';
import { LocalKeyPool } from './keys.ts';
import { createWorkerMetrics } from './metrics.ts';
import { UsageOutbox } from './settle.ts';
import type { UpstreamFetch } from './upstream/http.ts';
import { Worker } from './worker.ts';

/** What the service is made of. */
export interface ProviderServiceParts {
  readonly mesh: MeshConfig;
  /** Names of the mesh's providers. */
  readonly providers: readonly string[];
  readonly keysOf: (stem: string) => readonly Secret[];
  readonly llama: { readonly ollamaUrl: string | undefined; readonly modelsFolder: string };
  readonly bus: Bus;
  readonly fetch: UpstreamFetch;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Silence of a router after which nobody waits; 10 s. */
  readonly silenceMs?: number;
}

/** The running workers. */
export interface ProviderService {
  readonly providers: readonly string[];
  ready(): Readiness;
  /** Lets what was taken finish within `graceMs`, stores all usage records, lets go of models and servers. */
  drain(graceMs: number): Promise<void>;
}

interface Served {
  readonly worker: Worker;
  readonly adapter: Adapter;
  readonly keys: LocalKeyPool | undefined;
}

/** How long NATS may take for the last usage records. */
const lastRecordsMs = 1000;

/** Starts a worker for each provider that has keys or needs none; the others stay without responder, known at once. */
export function startProviderService(parts: ProviderServiceParts): ProviderService {
  const { bus, fetch, log, silenceMs } = parts;
  const metrics = createWorkerMetrics(parts.metrics);
  const usage = new UsageOutbox(bus, log, metrics.usageLost);
  const served = new Map<string, Served>();
  for (const provider of parts.providers) {
    const config = parts.mesh.providers[provider];
    if (!config) continue;
    const secrets = config.keys === undefined ? [] : parts.keysOf(config.keys);
    if (!config.keyless && secrets.length === 0) {
      log.info({ provider }, 'not served: no key is set');
      continue;
    }
    const keys = secrets.length > 0 ? new LocalKeyPool(secrets) : undefined;
    const adapter = createAdapter(config, { ...parts.llama, fetch, log });
    const worker = new Worker({ provider, config, adapter, keys, fetch, bus, usage, log, metrics, silenceMs });
    served.set(provider, { worker, adapter, keys });
    log.info({ provider, adapter: config.adapter, keyCount: secrets.length }, 'serving');
  }
  return {
    providers: [...served.keys()],
    ready: () => {
      const states = [...served].map(([name, each]) => ({ name, ...each.adapter.state(), keys: each.keys?.counts() }));
      const described = states.map(({ name, text, keys }) => [name, keys ? `${text}, ${describe(keys)}` : text]);
      const nats = bus.connected ? 'connected' : 'not connected';
      return {
        ok: bus.connected && states.every((state) => state.ok),
        parts: Object.fromEntries([['nats', nats], ...described]),
      };
    },
    drain: async (graceMs) => {
      await Promise.all([...served.values()].map((each) => each.worker.drain(graceMs)));
      await usage.close(lastRecordsMs);
      await Promise.all([...served.values()].map((each) => each.adapter.close()));
    },
  };
}

function describe(keys: { active: number; resting: number; disabled: number }): string {
  return `${keys.active} keys active, ${keys.resting} resting, ${keys.disabled} disabled`;
}
