/** The provider workers as a process. */
import { openBus } from '@refrain/bus';
import { loadMeshConfig, runService } from '@refrain/service';
import { chooseProviders, loadConfig } from './config.ts';
import { startProviderService } from './service.ts';
import { keepUsageStream } from './settle.ts';
import { createUpstreamClient } from './upstream/http.ts';

/** Of the 10 s a service has to stop; the rest is for those that do not finish, and for the usage records. */
const drainLimitMs = 6000;

await runService({
  name: 'provider',
  logLevel: process.env.LOG_LEVEL,
  start: async ({ log, metrics, onStop }) => {
    const config = loadConfig(process.env);
    const mesh = loadMeshConfig(config.meshFile);
    const providers = chooseProviders(config.providers, mesh);
    const bus = openBus({ url: config.natsUrl, name: 'provider', log });
    onStop(() => bus.drain());
    const client = createUpstreamClient();
    onStop(() => client.close());
    onStop(keepUsageStream(bus, log));
    const llama = { ollamaUrl: config.ollamaUrl, modelsFolder: config.modelsFolder };
    const { keysOf } = config;
    const service = startProviderService({ mesh, providers, keysOf, llama, bus, fetch: client.fetch, log, metrics });
    onStop(() => service.drain(drainLimitMs));
    return {
      ready: service.ready,
      ops: { host: config.host, port: config.opsPort },
      announce: { providers: service.providers },
    };
  },
});
