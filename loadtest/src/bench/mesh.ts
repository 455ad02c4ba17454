/** Starts what a run measures: real parts, limits, and two meshes that differ in `cache.semantic.enabled` alone. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toBinary } from '@bufbuild/protobuf';
import { AnswerSchema } from '@refrain/contracts';
import { createLogger } from '@refrain/service';
import { openState } from '@refrain/state';
import { eventually, modelsFolder, startChroma, startNats, startProcess, startRedis } from '@refrain/testkit';
import { type EmbedderLimit, startEmbedderLimit } from './limits/embedder.ts';
import { sampleAnswer } from './payload.ts';

/** Addresses of everything a case may call. */
export interface BenchMesh {
  readonly echo: string;
  readonly relay: string;
  readonly proxy: string;
  readonly upstream: string;
  readonly embedder: EmbedderLimit;
  /** Semantic level off. */
  readonly plain: { readonly grpc: string; readonly http: string; readonly cache: string };
  /** Semantic level on. */
  readonly semantic: { readonly grpc: string; readonly http: string; readonly cache: string };
  stop(): Promise<void>;
}

const benchKey = 'bench:answer';

/** Starts everything; `say` hears of each step. */
export async function startBenchMesh(say: (step: string) => void): Promise<BenchMesh> {
  const stops: (() => Promise<unknown>)[] = [];
  const keep = <T extends { stop(): Promise<unknown> }>(part: T): T => {
    stops.push(() => part.stop());
    return part;
  };
  const stop = async () => {
    for (const each of stops.reverse()) await each();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'refrain-bench-'));
    stops.push(() => rm(folder, { recursive: true, force: true }));
    say('redis, nats, chroma');
    const redis = keep(await startRedis());
    const nats = keep(await startNats());
    const chroma = keep(await startChroma());
    await prepare(redis.url);
    say('limits');
    const limit = async (name: string, env: Record<string, string>) =>
      keep(await startProcess({ entry: `loadtest/src/bench/limits/${name}.main.ts`, env })).ready;
    const echo = await limit('echo', {});
    const lookup = await limit('lookup', { REDIS_URL: redis.url, BENCH_KEY: benchKey });
    const relay = await limit('relay', { LOOKUP_ADDR: lookup.grpc ?? '' });
    const upstream = await limit('upstream', {});
    const proxy = await limit('proxy', { UPSTREAM: upstream.http ?? '' });
    const mesh = async (semantic: boolean) => {
      say(`mesh, semantic level ${semantic ? 'on' : 'off'}`);
      const file = join(folder, `${semantic}.yaml`);
      await writeFile(file, config(upstream.http ?? '', semantic));
      const parts = { REDIS_URL: redis.url, NATS_URL: nats.url, CHROMA_URL: chroma.url };
      const common = { ...parts, REFRAIN_CONFIG: file, REFRAIN_MODELS: modelsFolder, LOG_LEVEL: 'warn' };
      const start = async (service: string, env: Record<string, string>) =>
        keep(await startProcess({ entry: `services/${service}/src/main.ts`, env: { ...common, ...env } })).ready;
      const cache = await start('cache', { CACHE_PORT: '0', CACHE_OPS_PORT: '0' });
      const provider = semantic ? 'bench-semantic' : 'bench';
      await start('provider', { PROVIDER_OPS_PORT: '0', REFRAIN_PROVIDERS: provider });
      const ports = { ROUTER_GRPC_PORT: '0', ROUTER_HTTP_PORT: '0', ROUTER_OPS_PORT: '0' };
      const router = await start('router', { ...ports, CACHE_ADDR: cache.grpc ?? '' });
      return { grpc: router.grpc ?? '', http: router.http ?? '', cache: cache.grpc ?? '' };
    };
    say('the embedder');
    const embedder = keep(await startEmbedderLimit());
    const plain = await mesh(false);
    const semantic = await mesh(true);
    const addresses = {
      echo: echo.grpc ?? '',
      relay: relay.grpc ?? '',
      proxy: proxy.http ?? '',
      upstream: upstream.http ?? '',
    };
    return { ...addresses, embedder, plain, semantic, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function prepare(url: string): Promise<void> {
  const log = createLogger({ service: 'bench', level: 'error' });
  const state = openState({ url, name: 'bench', log, timeoutMs: 5000 });
  await eventually(() => state.ready, { what: 'redis' });
  await state.set(benchKey, toBinary(AnswerSchema, sampleAnswer()), { ttlMs: 24 * 3600 * 1000 });
  state.close();
}

function config(upstream: string, semantic: boolean): string {
  const provider = semantic ? 'bench-semantic' : 'bench';
  return `version: 1
tiers:
  free: { lane: low, requestsPerMinute: 60 }
  basic: { lane: normal, requestsPerMinute: 60 }
  pro: { lane: high, requestsPerMinute: 60 }
  enterprise: { lane: high, requestsPerMinute: 100000000 }
local: { tier: enterprise }
cache:
  semantic: { enabled: ${semantic}, breakEven: false }
providers:
  ${provider}:
    adapter: openai
    baseUrl: ${upstream}/v1
    keyless: true
    concurrency: 256
    queue: 1000
    models: [{ name: bench, rank: 3, contextTokens: 100000, price: { input: 1000000000, output: 1000000000 } }]
routes:
  - try: [${provider}/bench]
`;
}
