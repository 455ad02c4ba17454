/** The router as a process. */
import { openBus } from '@refrain/bus';
import { CacheService, JobsService } from '@refrain/contracts';
import type { RefrainError } from '@refrain/errors';
import { createGrpcClient, startGrpcServer } from '@refrain/rpc';
import { loadMeshConfig, operatorMetadata, requireKeysBeyondLoopback, runService } from '@refrain/service';
import { openState } from '@refrain/state';
import { loadConfig } from './config.ts';
import { createGrpcFace, logBugs } from './faces/grpc.ts';
import { startHttpFace } from './faces/http/server.ts';
import { startNatsFace } from './faces/nats.ts';
import { createRouter } from './service.ts';
import { followSettings } from './settings.ts';

/** For what follows the end of the questions under way: what the cache is still to keep, and goodbyes. */
const afterwardsMs = 2000;

await runService({
  name: 'router',
  logLevel: process.env.LOG_LEVEL,
  stopSeconds: process.env.STOP_SECONDS,
  start: async ({ log, metrics, reload, onStop, stopMs }) => {
    const config = loadConfig(process.env);
    const { host, grpcPort, httpPort, opsPort, cacheAddress, jobsAddress, meshSecret } = config;
    const { redisUrl, natsUrl, configFile } = config;
    const mesh = loadMeshConfig(configFile);
    requireKeysBeyondLoopback(host, mesh.keys);
    const settings = followSettings(mesh, { configFile, host, log, reload, onStop });
    const bus = openBus({ url: natsUrl, name: 'router', log });
    onStop(() => bus.drain());
    const state = openState({ url: redisUrl, name: 'refrain-router', log });
    onStop(() => state.close());
    const cache = createGrpcClient(CacheService, cacheAddress, {
      metadata: meshSecret && operatorMetadata(meshSecret),
    });
    onStop(() => cache.close());
    const jobs = jobsAddress === undefined ? undefined : createGrpcClient(JobsService, jobsAddress);
    onStop(() => jobs?.close());
    const router = createRouter({
      bus,
      cache,
      log,
      metrics,
      requestLog: config.logLevel === 'debug' ? log : undefined,
      settings,
      state,
      jobs: jobs && meshSecret && { jobs, meshSecret },
    });
    onStop(() => router.drain());
    const { pipeline } = router;
    const requestBytes = () => settings().mesh.limits.requestBytes;
    const isOpen = () => settings().callers.size === 0;
    const services = [createGrpcFace(pipeline, meshSecret)];
    const unread = (error: RefrainError) => pipeline.refused('grpc', error);
    const grpcOptions = { services, maximumRequestBytes: requestBytes, observe: logBugs(log), unread };
    const grpc = await startGrpcServer({ host, port: grpcPort, ...grpcOptions });
    const http = await startHttpFace({ host, port: httpPort, pipeline, requestBytes, isOpen, log });
    const nats = startNatsFace({ bus, pipeline, requestBytes, log });
    const drainMs = Math.max(stopMs / 2, stopMs - afterwardsMs);
    onStop(() => Promise.all([grpc, http, nats].map((face) => face.drain(drainMs))));
    return {
      ready: router.ready,
      ops: { host, port: opsPort },
      announce: { grpc: `${host}:${grpc.port}`, http: `http://${host}:${http.port}` },
    };
  },
});
