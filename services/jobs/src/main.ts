/** The jobs service as a process. */
import { openBus } from '@refrain/bus';
import { RouterService } from '@refrain/contracts';
import { createGrpcClient, startGrpcServer } from '@refrain/rpc';
import { followMeshConfig, loadMeshConfig, requireKeysBeyondLoopback, runService } from '@refrain/service';
import { loadConfig, requireMeshSecret } from './config.ts';
import { createJobs } from './service.ts';

const drainMs = 5000;

await runService({
  name: 'jobs',
  logLevel: process.env.LOG_LEVEL,
  stopSeconds: process.env.STOP_SECONDS,
  start: async ({ log, metrics, reload, onStop }) => {
    const config = loadConfig(process.env);
    const { host, port, opsPort, configFile, natsUrl, routerAddress } = config;
    const meshSecret = requireMeshSecret(config);
    let mesh = loadMeshConfig(configFile);
    requireKeysBeyondLoopback(host, mesh.keys);
    const use = (next: typeof mesh) => {
      requireKeysBeyondLoopback(host, next.keys);
      mesh = next;
      log.info({}, 'refrain.yaml was read again');
    };
    onStop(followMeshConfig(configFile, use, reload));
    const bus = openBus({ url: natsUrl, name: 'jobs', log });
    onStop(() => bus.drain());
    const router = createGrpcClient(RouterService, routerAddress);
    onStop(() => router.close());
    const jobs = createJobs({ bus, router, metrics, log, config, meshSecret, mesh: () => mesh });
    jobs.start();
    onStop(() => jobs.stop());
    const observe: NonNullable<Parameters<typeof startGrpcServer>[0]['observe']> = (method, code, _ms, error) => {
      if (code === 'internal') log.error({ err: error?.cause ?? error, method }, 'grpc request failed');
    };
    const maximumRequestBytes = () => mesh.limits.requestBytes;
    const grpc = await startGrpcServer({ host, port, services: [jobs.door], maximumRequestBytes, observe });
    onStop(() => grpc.drain(drainMs));
    return { ready: jobs.ready, ops: { host, port: opsPort }, announce: { grpc: `${host}:${grpc.port}` } };
  },
});
