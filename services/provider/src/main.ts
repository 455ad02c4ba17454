/** The provider workers as a process. */
import { openBus } from '@refrain/bus';
import { loadMeshConfig, runService } from '@refrain/service';
import { openState } from '@refrain/state';
import { chooseProviders, loadConfig } from './config.ts';
import { followFiles } from './follow.ts';
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
    const state = openState({ url: config.redisUrl, name: 'refrain-provider', log });
    onStop(() => state.close());
    const client = createUpstreamClient();
    onStop(() => client.close());
    onStop(keepUsageStream(bus, log));
    const llama = { ollamaUrl: config.ollamaUrl, modelsFolder: config.modelsFolder };
    const { keysOf, keySettings } = config;
    const parts = { mesh, providers, keysOf, keySettings, llama, bus, state, fetch: client.fetch, log, metrics };
    const service = startProviderService(parts);
    onStop(() => service.drain(drainLimitMs));
    onStop(followFiles(service, config, mesh));
    return {
      ready: service.ready,
      ops: { host: config.host, port: config.opsPort },
      announce: { providers: service.providers },
    };
  },
});
