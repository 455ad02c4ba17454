/** Opens the cache's parts, each in the background: a part that is away delays no start. */
import { type RefrainError, toRefrainError } from '@refrain/errors';
import { startGrpcServer } from '@refrain/rpc';
import {
  followMeshConfig,
  isLoopback,
  type Logger,
  loadMeshConfig,
  type MeshConfig,
  type ServiceScope,
  type StartedService,
} from '@refrain/service';
import { openState } from '@refrain/state';
import type { CacheConfig } from './config.ts';
import { type Embedder, noEmbedder } from './embedder/embedder.ts';
import { EmbedderProcess } from './embedder/embedder-process.ts';
import { checkModel } from './embedder/model.ts';
import { RedisNearStore } from './entries/near-store.ts';
import { RedisKeys } from './entries/redis-keys.ts';
import { openNearIndex } from './index/open-index.ts';
import { onlyTheMesh } from './only-the-mesh.ts';
import { toSettings } from './requests/settings.ts';
import { createCacheService } from './service.ts';

const drainMs = 5000;

/** Starts the cache service, with vectors of its model unless told otherwise. @throws ConfigError, and the listen error */
export async function startCache(
  config: CacheConfig,
  scope: ServiceScope,
  openEmbedder: (config: CacheConfig, log: Logger) => Promise<Embedder> = openModel,
): Promise<StartedService> {
  const { log, metrics, onStop } = scope;
  const settings = followSettings(config.configFile, scope);
  const state = openState({ url: config.redisUrl, name: 'refrain-cache', log });
  onStop(() => state.close());
  const keys = new RedisKeys(config.tenantSecret);
  if (!config.tenantSecret) log.warn({}, 'no CACHE_TENANT_SECRET: who can read Redis can guess which keys are whose');
  const near = new RedisNearStore(state, keys);
  const { index } = await openNearIndex({
    state,
    keys,
    log,
    metrics,
    chromaUrl: config.chromaUrl,
    settings: () => settings().cache.semantic,
    source: near,
  });
  onStop(() => index.stop());
  const embedder = await openEmbedder(config, log);
  onStop(() => embedder.stop());
  const { registered, ready, stop } = createCacheService({
    state,
    keys,
    near,
    index,
    embedder,
    metrics,
    log,
    settings,
  });
  onStop(stop);
  const observe = (method: string, code: string, _milliseconds: number, err?: RefrainError) => {
    if (code === 'internal') log.error({ err: toRefrainError(err), method }, 'a call failed by a bug');
  };
  const { host, port, meshSecret } = config;
  const door = meshSecret && !isLoopback(host) ? onlyTheMesh(registered, meshSecret) : registered;
  const server = await startGrpcServer({ host, port, services: [door], observe });
  onStop(() => server.drain(drainMs));
  return {
    ready,
    ops: { host: config.host, port: config.opsPort },
    announce: { grpc: `${config.host}:${server.port}` },
  };
}

async function openModel({ modelsFolder }: CacheConfig, log: Logger): Promise<Embedder> {
  const fault = await checkModel(modelsFolder);
  if (fault) log.error({ fault }, 'no embedding model: exact answers only');
  return fault ? noEmbedder(fault) : new EmbedderProcess({ modelsFolder, log });
}

function followSettings(file: string, { log, reload, onStop }: ServiceScope) {
  let settings = toSettings(loadMeshConfig(file));
  const use = (next: MeshConfig) => {
    settings = toSettings(next);
    log.info({}, 'refrain.yaml was read again');
  };
  onStop(followMeshConfig(file, use, reload));
  return () => settings;
}
