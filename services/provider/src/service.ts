/** Builds the workers from their parts: one for each provider that this process serves and has keys for, and anew when these change. */
import type { Bus } from '@refrain/bus';
import type { Logger, MeshConfig, Metrics, ProviderConfig, Readiness, Secret } from '@refrain/service';
import type { State } from '@refrain/state';
import type { Adapter } from './adapters/adapter.ts';
import { createAdapter } from './adapters/index.ts';
import { type PooledKey, toKeys } from './keys/key-set.ts';
import { type KeyCounts, type KeySettings, ProviderKeys } from './keys/provider-keys.ts';
import { createWorkerMetrics, type WorkerMetrics } from './metrics.ts';
import type { UpstreamFetch } from './upstream/http.ts';
import { UsageOutbox } from './usage-outbox.ts';
import { Worker } from './worker/worker.ts';

/** What the service is made of. */
export interface ProviderServiceParts {
  readonly mesh: MeshConfig;
  /** Names of the mesh's providers. */
  readonly providers: readonly string[];
  /** Reads the keys of a stem as they are now. Throws ConfigError. */
  readonly keysOf: (stem: string) => readonly Secret[];
  readonly keySettings: KeySettings;
  readonly llama: { readonly ollamaUrl: string | undefined; readonly modelsFolder: string };
  readonly bus: Bus;
  readonly state: State;
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
  /**
   * Serves by another configuration or other keys from now on; what was taken before is finished as it was begun.
   * @throws ConfigError when the keys cannot be read; then nothing has changed
   */
  update(mesh: MeshConfig, providers: readonly string[]): void;
  /** Lets what was taken finish within `graceMs`, stores all usage records, lets go of models and servers. */
  drain(graceMs: number): Promise<void>;
}

interface Served {
  readonly config: ProviderConfig;
  readonly worker: Worker;
  readonly adapters: readonly Adapter[];
  readonly keys: ProviderKeys | undefined;
}

/** How long NATS may take for the last usage records. */
const lastRecordsMs = 1000;
/** How long what was begun by an older configuration may take. */
const oldWorkMs = 600_000;

/** Starts a worker for each provider that has keys or needs none; the others stay without responder, known at once. */
export function startProviderService(parts: ProviderServiceParts): ProviderService {
  const { bus, log } = parts;
  const metrics = createWorkerMetrics(parts.metrics);
  const usage = new UsageOutbox(bus, log, metrics.usageLost);
  const served = new Map<string, Served>();
  const leaving = new Map<Served, Promise<void>>();
  let { mesh } = parts;
  const encoding = () => mesh.events.encoding;
  const start = (provider: string, config: ProviderConfig, keys: readonly PooledKey[], old?: Served) =>
    serve({ ...parts, workerMetrics: metrics, usage, encoding }, { provider, config, keys, old });
  const leave = (old: Served, graceMs: number, isGone: boolean) => {
    // What cannot be let go of must cost neither the other providers of this process nor the records that are still to be stored.
    const letGo = async () => {
      if (isGone) old.keys?.stop();
      await Promise.all(old.adapters.map((adapter) => adapter.close()));
    };
    const left = old.worker
      .drain(graceMs)
      .then(letGo)
      .catch((err: unknown) => log.error({ err }, 'a provider could not be let go of'));
    leaving.set(old, left);
    void left.finally(() => leaving.delete(old));
  };

  const update = (next: MeshConfig, providers: readonly string[]) => {
    const wanted = new Map<string, readonly [ProviderConfig, readonly PooledKey[]]>();
    for (const provider of providers) {
      const config = next.providers[provider];
      if (!config) continue;
      const keys = toKeys(config, parts.keysOf);
      if (config.keyless || keys.length > 0) wanted.set(provider, [config, keys]);
      else if (!served.has(provider)) log.info({ provider }, 'not served: no key is set');
    }
    mesh = next;
    for (const [provider, [config, keys]] of wanted) {
      const old = served.get(provider);
      if (old && isSame(old.config, config)) {
        if (
          old.keys &&
          !isSame(
            [...old.keys.pool.keys.keys()],
            keys.map(({ id }) => id),
          )
        ) {
          old.keys.replace(config, keys);
          log.info({ provider, keyCount: keys.length }, 'other keys');
        }
        continue;
      }
      served.set(provider, start(provider, config, keys, old));
      if (old) leave(old, oldWorkMs, false);
      log.info({ provider, adapter: config.adapter, keyCount: keys.length }, 'serving');
    }
    for (const [provider, old] of served) {
      if (wanted.has(provider)) continue;
      served.delete(provider);
      leave(old, oldWorkMs, true);
      log.info({ provider }, 'not served any more');
    }
  };
  update(parts.mesh, parts.providers);

  return {
    get providers() {
      return [...served.keys()];
    },
    ready: () => readinessOf(served, bus),
    update,
    drain: async (graceMs) => {
      for (const old of leaving.keys()) void old.worker.drain(graceMs);
      for (const each of served.values()) leave(each, graceMs, true);
      await Promise.all(leaving.values());
      await usage.close(lastRecordsMs);
    },
  };
}

interface Surroundings extends ProviderServiceParts {
  readonly workerMetrics: WorkerMetrics;
  readonly usage: UsageOutbox;
  readonly encoding: () => 'json' | 'protobuf';
}

/** Starts the worker of one provider; its pool goes on where one is there. */
function serve(
  {
    llama,
    bus,
    fetch,
    log,
    silenceMs,
    state,
    keySettings: settings,
    workerMetrics: metrics,
    usage,
    encoding,
  }: Surroundings,
  what: { provider: string; config: ProviderConfig; keys: readonly PooledKey[]; old: Served | undefined },
): Served {
  const { provider, config, keys, old } = what;
  const adapter = createAdapter(config, { ...llama, fetch, log });
  const others = new Map<string, Adapter>();
  for (const { group } of keys) {
    const { baseUrl } = group;
    if (baseUrl !== undefined && !others.has(baseUrl))
      others.set(baseUrl, createAdapter({ ...config, baseUrl }, { ...llama, fetch, log }));
  }
  const adapterAt = (baseUrl: string) => others.get(baseUrl) ?? adapter;
  const adapterOf = ({ group }: PooledKey) => (group.baseUrl === undefined ? adapter : adapterAt(group.baseUrl));
  const ask = async (key: PooledKey, signal: AbortSignal) => adapterOf(key).check?.({ fetch, signal, key: key.secret });
  const known = keys.length > 0 ? old?.keys : undefined;
  known?.replace(config, keys, ask);
  const kept = { provider, settings, state, bus, log, metrics, encoding };
  const owned = known ?? (keys.length > 0 ? new ProviderKeys(kept, { config, keys, ask }) : undefined);
  if (!owned) old?.keys?.stop();
  const worker = new Worker({
    provider,
    config,
    adapter,
    adapterAt,
    keys: owned?.pool,
    fetch,
    bus,
    usage,
    log,
    metrics,
    silenceMs,
  });
  return { config, worker, adapters: [adapter, ...others.values()], keys: owned };
}

function readinessOf(served: ReadonlyMap<string, Served>, bus: Bus): Readiness {
  const states = [...served].map(([name, { adapters, keys }]) => {
    const state = adapters[0]?.state() ?? { ok: true, text: 'ready' };
    return {
      name,
      ok: state.ok,
      text: keys ? `${state.text}, ${describe(keys.counts(), keys.pool.isShared)}` : state.text,
    };
  });
  const nats = bus.connected ? 'connected' : 'not connected';
  return {
    ok: bus.connected && states.every((state) => state.ok),
    parts: Object.fromEntries([['nats', nats], ...states.map(({ name, text }) => [name, text])]),
  };
}

function describe({ active, resting, disabled }: KeyCounts, isShared: boolean): string {
  const counts = `${active} keys active, ${resting} resting, ${disabled} disabled`;
  return isShared ? counts : `${counts}; Redis is away, each worker goes by what it knows`;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
