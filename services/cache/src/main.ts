import { startGrpcServer } from '@refrain/rpc';
import { loadMeshConfig, runService, watchMeshConfig } from '@refrain/service';
import { openState } from '@refrain/state';
import { loadConfig } from './config.ts';
import { EmbedderProcess, noEmbedder } from './embedder/embedder.ts';
import { checkModel } from './embedder/model.ts';
import { ChromaNearIndex } from './index/chroma-index.ts';
import { RedisNearStore } from './near-store.ts';
import { createCacheService } from './service.ts';
import { toSettings } from './settings.ts';

await runService({
  name: 'cache',
  logLevel: process.env.LOG_LEVEL,
  start: async ({ log, metrics, onStop }) => {
    const config = loadConfig(process.env);
    const mesh = loadMeshConfig(config.configFile);
    let settings = toSettings(mesh);
    onStop(
      watchMeshConfig(
        config.configFile,
        (next) => {
          settings = toSettings(next);
        },
        (err) => log.error({ err }, 'refrain.yaml is bad; the old one stays'),
      ),
    );
    const state = openState({ url: config.redisUrl, name: 'refrain-cache', log });
    onStop(() => state.close());
    const near = new RedisNearStore(state);
    const vectors = ({ tenant, key }: { tenant: string; key: string }) =>
      near.vectors(tenant, key, 100_000, Date.now());
    const { maximumCollections } = mesh.cache.semantic;
    const index = new ChromaNearIndex({ url: config.chromaUrl, log, maximumCollections, vectors });
    onStop(() => index.stop());
    const fault = await checkModel(config.modelsFolder);
    if (fault) log.error({ fault }, 'no embedding model: exact answers only');
    const embedder = fault ? noEmbedder : new EmbedderProcess(config.modelsFolder, log);
    onStop(() => embedder.stop());
    const { registered, ready } = createCacheService({
      state,
      near,
      index,
      embedder,
      metrics,
      log,
      settings: () => settings,
    });
    const server = await startGrpcServer({ host: config.host, port: config.port, services: [registered] });
    onStop(() => server.drain(5000));
    return {
      ready,
      ops: { host: config.host, port: config.opsPort },
      announce: { grpc: `${config.host}:${server.port}` },
    };
  },
});
