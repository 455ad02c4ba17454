/** The provider workers as a process. */
import { openBus } from '@refrain/bus';
import { loadMeshConfig, runService } from '@refrain/service';
import { chooseProviders, loadConfig } from './config.ts';
import { startProviderService } from './service.ts';
import { keepUsageStream } from './settle.ts';
import { createUpstreamClient } from './upstream/http.ts';

const drainLimitMs = 10_000;

await runService({
  name: 'provider',
  start: async ({ log, metrics, onStop }) => {
    const config = loadConfig();
    const mesh = loadMeshConfig(config.meshFile);
    const providers = chooseProviders(config.providers, mesh);
    const bus = openBus({ url: config.natsUrl, name: 'provider', log });
    onStop(() => bus.drain());
    const client = createUpstreamClient();
    onStop(() => client.close());
    onStop(keepUsageStream(bus, log));
    const llama = { ollamaUrl: config.ollamaUrl, modelsDirectory: config.modelsDirectory };
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
