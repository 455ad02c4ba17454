/** The provider workers as a process. */
import { openBus } from '@refrain/bus';
import { loadMeshConfig, runService } from '@refrain/service';
import { openState } from '@refrain/state';
import { chooseProviders, loadConfig } from './config.ts';
import { followFiles } from './follow-files.ts';
import { startProviderService } from './service.ts';
import { createUpstreamClient } from './upstream/http.ts';
import { keepUsageStream } from './usage-outbox.ts';

/** For what does not finish, and for the usage records. */
const afterwardsMs = 4000;

await runService({
  name: 'provider',
  logLevel: process.env.LOG_LEVEL,
  stopSeconds: process.env.STOP_SECONDS,
  start: async ({ log, metrics, reload, onStop, stopMs }) => {
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
    onStop(() => service.drain(Math.max(stopMs / 2, stopMs - afterwardsMs)));
    onStop(followFiles(service, config, mesh, reload));
    return {
      ready: service.ready,
      ops: { host: config.host, port: config.opsPort },
      announce: { providers: service.providers },
    };
  },
});
