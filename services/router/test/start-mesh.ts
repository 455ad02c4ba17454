/** A mesh for the router's tests: real parts, real services, scripted upstreams. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CacheService, RouterService } from '@refrain/contracts';
import { createGrpcClient, type GrpcClient } from '@refrain/rpc';
import {
  eventually,
  modelsFolder,
  type ScriptedUpstream,
  type ServiceProcess,
  startChroma,
  startNats,
  startProcess,
  startRedis,
  startUpstream,
  type TestServer,
} from '@refrain/testkit';

/** What a test may touch. */
export interface TestMesh {
  readonly redis: TestServer;
  readonly nats: TestServer;
  readonly chroma: TestServer;
  /** The providers `one` and `two`, tried in this order. */
  readonly one: ScriptedUpstream;
  readonly two: ScriptedUpstream;
  readonly cache: ServiceProcess;
  readonly workers: ServiceProcess;
  readonly router: ServiceProcess;
  readonly client: GrpcClient<typeof RouterService>;
  readonly cacheClient: GrpcClient<typeof CacheService>;
  readonly http: string;
  /** The `refrain.yaml` in force; written over, it is read again. */
  readonly configFile: string;
  /** Starts a service once more, where the first was stopped or a second is wanted. */
  start(
    service: 'cache' | 'provider' | 'router' | 'jobs',
    env?: Readonly<Record<string, string>>,
  ): Promise<ServiceProcess>;
  stop(): Promise<void>;
}

/** Provider keys as the workers find them in their environment. */
export const providerKeys = { ONE_API_KEYS: 'sk-one-aaaaaaaa,sk-one-bbbbbbbb', TWO_API_KEY: 'sk-two-cccccccc' };

/** `refrain.yaml` of the tests; `extra` is added at the end. `patienceMs` is what an upstream may take for its first and every next piece. */
export function meshYaml(
  one: ScriptedUpstream,
  two: ScriptedUpstream,
  { extra = '', patienceMs = 2000, providers = () => '' }: Omit<MeshOptions, 'partsDown'> = {},
): string {
  const provider = (upstream: ScriptedUpstream, keys: string, rank: number) =>
    `{ adapter: openai, baseUrl: "${upstream.baseUrl}", keys: ${keys}, firstChunkMs: ${patienceMs}, interChunkMs: ${patienceMs},
      models: [{ name: large, rank: ${rank}, contextTokens: 100000, price: { input: 1000000000, output: 2000000000 } }] }`;
  return `version: 1
tiers:
  free: { lane: low, requestsPerMinute: 3 }
  basic: { lane: normal, requestsPerMinute: 100000 }
  pro: { lane: high, requestsPerMinute: 100000 }
  enterprise: { lane: high, requestsPerMinute: 100000 }
local: { tier: enterprise }
providers:
  one: ${provider(one, 'ONE', 4)}
  two: ${provider(two, 'TWO', 3)}
  absent: { adapter: openai, keys: ABSENT, models: [{ name: large, rank: 5, contextTokens: 100000 }] }
${providers(one)}aliases: { best: [one/large, two/large] }
routes: [{ try: [absent/large, one/large, two/large] }]
templates:
  - { name: hours, pattern: "when do you open", answer: "At nine.", serve: always }
  - { name: apology, pattern: "{question}", answer: "Nobody can answer that now.", serve: fallback }
${extra}${extra.includes('limits:') ? '' : unlimited}`;
}

/** Tests that break providers over and over want them asked all the same. */
const unlimited =
  '\nlimits: { breaker: { failures: 1000000 }, throttle: { minimumRequests: 1000000 }, retries: { minimum: 1000000 } }\n';

/** For tests whose questions resemble each other: only the same question is the same. */
export const exactOnly = 'cache: { semantic: { enabled: false } }\n';

/** What a test may change of its mesh. */
export interface MeshOptions {
  /** At the end of `refrain.yaml`. */
  readonly extra?: string;
  /** Lines of further providers, given the upstream `one`. */
  readonly providers?: (one: ScriptedUpstream) => string;
  /** More of the workers' environment. */
  readonly workers?: Readonly<Record<string, string>>;
  /** See `meshYaml`. */
  readonly patienceMs?: number;
  /** The parts are killed before the services start; `restart()` brings them. */
  readonly partsDown?: boolean;
  /** More of the router's environment. */
  readonly router?: Readonly<Record<string, string>>;
}

/** Starts everything; `stop` ends it all. */
export async function startMesh(options: MeshOptions = {}): Promise<TestMesh> {
  const stops: (() => Promise<unknown>)[] = [];
  const keep = <T extends { stop(): Promise<unknown> }>(part: T): T => {
    stops.push(() => part.stop());
    return part;
  };
  const stop = async () => {
    for (const each of stops.reverse()) await each();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'refrain-mesh-'));
    stops.push(() => rm(folder, { recursive: true, force: true }));
    const [redis, nats, chroma] = await Promise.all([startRedis(), startNats(), startChroma()]);
    for (const part of [redis, nats, chroma]) keep(part);
    const [one, two] = await Promise.all([startUpstream('openai'), startUpstream('openai')]);
    for (const upstream of [one, two]) keep(upstream);
    if (options.partsDown) for (const part of [redis, nats, chroma]) await part.kill();
    const configFile = join(folder, 'refrain.yaml');
    await writeFile(configFile, meshYaml(one, two, options));
    const common = {
      REFRAIN_CONFIG: configFile,
      REFRAIN_MODELS: modelsFolder,
      REDIS_URL: redis.url,
      NATS_URL: nats.url,
      CHROMA_URL: chroma.url,
      CACHE_PORT: '0',
      CACHE_OPS_PORT: '0',
      PROVIDER_OPS_PORT: '0',
      ROUTER_GRPC_PORT: '0',
      ROUTER_HTTP_PORT: '0',
      ROUTER_OPS_PORT: '0',
      ...providerKeys,
    };
    const start: TestMesh['start'] = async (service, env = {}) =>
      keep(await startProcess({ entry: `services/${service}/src/main.ts`, env: { ...common, ...env } }));
    const cache = await start('cache');
    const workers = await start('provider', options.workers);
    const router = await start('router', { CACHE_ADDR: cache.ready.grpc ?? '', ...options.router });
    if (!options.partsDown) for (const service of [cache, workers, router]) await isReady(service);
    const client = createGrpcClient(RouterService, router.ready.grpc ?? '');
    const cacheClient = createGrpcClient(CacheService, cache.ready.grpc ?? '');
    stops.push(async () => {
      client.close();
      cacheClient.close();
    });
    const http = router.ready.http ?? '';
    return {
      redis,
      nats,
      chroma,
      one,
      two,
      cache,
      workers,
      router,
      client,
      cacheClient,
      http,
      configFile,
      start,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits until a service says that it has all its parts. */
async function isReady({ ready }: ServiceProcess): Promise<void> {
  const url = (ready.metrics ?? '').replace(/metrics$/, 'readyz');
  await eventually(async () => (await fetch(url)).ok, { what: url, timeoutMs: 30_000 });
}
