/** What the cache's own measurements run on: parts of their own, services started one by one, all of it ended together. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CacheService } from '@refrain/contracts';
import { createGrpcClient, type GrpcClient } from '@refrain/rpc';
import { modelsFolder, type ServiceProcess, startChroma, startNats, startProcess, startRedis } from '@refrain/testkit';

/** Where nothing listens. */
const nowhere = 'http://127.0.0.1:1';

/** A place where services can be started. */
export interface Rig {
  /** A folder that goes with it. */
  readonly folder: string;
  readonly redis: string;
  start(entry: string, env?: Readonly<Record<string, string>>): Promise<ServiceProcess>;
  stop(): Promise<void>;
}

/** Starts Redis, and NATS and Chroma where they are asked for. */
export async function startRig(options: { yaml: string; nats?: boolean; chroma?: boolean }): Promise<Rig> {
  const stops: (() => Promise<unknown>)[] = [];
  const keep = <T extends { stop(): Promise<unknown> }>(part: T): T => {
    stops.push(() => part.stop());
    return part;
  };
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'refrain-bench-cache-'));
    stops.push(() => rm(folder, { recursive: true, force: true }));
    const config = join(folder, 'refrain.yaml');
    await writeFile(config, options.yaml);
    const redis = keep(await startRedis());
    const chroma = options.chroma ? keep(await startChroma()) : undefined;
    const nats = options.nats ? keep(await startNats()) : undefined;
    const common = {
      REDIS_URL: redis.url,
      CHROMA_URL: chroma?.url ?? nowhere,
      ...(nats && { NATS_URL: nats.url }),
      REFRAIN_CONFIG: config,
      REFRAIN_MODELS: modelsFolder,
      LOG_LEVEL: 'warn',
      ...anyPort,
    };
    const start: Rig['start'] = async (entry, env = {}) =>
      keep(await startProcess({ entry, env: { ...common, ...env }, timeoutMs: 60_000 }));
    return { folder, redis: redis.url, start, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const anyPort = Object.fromEntries(
  ['CACHE_PORT', 'CACHE_OPS_PORT', 'PROVIDER_OPS_PORT', 'ROUTER_GRPC_PORT', 'ROUTER_HTTP_PORT', 'ROUTER_OPS_PORT'].map(
    (name) => [name, '0'],
  ),
);

/** Runs `use` on a rig and ends it, whatever happens. */
export async function withRig<T>(options: Parameters<typeof startRig>[0], use: (rig: Rig) => Promise<T>): Promise<T> {
  const rig = await startRig(options);
  try {
    return await use(rig);
  } finally {
    await rig.stop();
  }
}

/** A cache's client for as long as `use` runs. */
export async function withCache<T>(
  { ready }: ServiceProcess,
  use: (cache: GrpcClient<typeof CacheService>) => Promise<T>,
): Promise<T> {
  const cache = createGrpcClient(CacheService, ready.grpc ?? '');
  try {
    return await use(cache);
  } finally {
    cache.close();
  }
}

/** `refrain.yaml` of these measurements. What is looked up is never served to anybody, so the level earns nothing; it stays on. */
export function benchYaml(upstream: string, semantic = true): string {
  return `version: 1
tiers:
  free: { lane: low, requestsPerMinute: 60 }
  basic: { lane: normal, requestsPerMinute: 60 }
  pro: { lane: high, requestsPerMinute: 60 }
  enterprise: { lane: high, requestsPerMinute: 100000000 }
local: { tier: enterprise }
cache:
  exact: { ttlSeconds: 86400 }
  semantic: { enabled: ${semantic}, ttlSeconds: 86400, breakEven: false }
providers:
  bench:
    adapter: openai
    baseUrl: ${upstream}/v1
    keyless: true
    concurrency: 256
    queue: 1000
    models: [{ name: bench, rank: 3, contextTokens: 100000, price: { input: 1000000000, output: 1000000000 } }]
routes:
  - try: [bench/bench]
`;
}
