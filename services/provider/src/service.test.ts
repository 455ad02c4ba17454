import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metrics, parseMeshConfig } from '@refrain/service';
import { silentLog } from '@refrain/testkit';
import { GgufModel } from './adapters/llama/gguf.ts';
import { type ProviderServiceParts, startProviderService } from './service.ts';

const mesh = parseMeshConfig(
  `version: 1
tiers:
  free: { lane: low, requestsPerMinute: 1 }
  basic: { lane: normal, requestsPerMinute: 1 }
  pro: { lane: high, requestsPerMinute: 1 }
  enterprise: { lane: high, requestsPerMinute: 1 }
providers:
  llama: { adapter: llama, keyless: true, models: [{ name: small, rank: 1, contextTokens: 100 }] }
routes: [{ try: [llama/small] }]
`,
  'test.yaml',
);

test('a model that cannot be unloaded is told of, and ends neither the process nor its draining', async (t) => {
  t.mock.method(GgufModel.prototype, 'load', async () => undefined);
  t.mock.method(GgufModel.prototype, 'close', async () => {
    throw new Error('still in use');
  });
  const told: string[] = [];
  const log = {
    ...silentLog,
    error: (fields: object, message: string) => told.push(`${message} ${Object.values(fields)}`),
  };
  const subscription = { drain: async () => undefined };
  const bus = {
    connected: true,
    subscribe: () => subscription,
    inbox: () => ({ subject: 'inbox', close: () => undefined }),
    publish: () => undefined,
    ensureStream: async () => undefined,
    publishDurable: async () => undefined,
  } as unknown as ProviderServiceParts['bus'];
  const service = startProviderService({
    mesh,
    providers: ['llama'],
    keysOf: () => [],
    keySettings: {} as ProviderServiceParts['keySettings'],
    llama: { ollamaUrl: 'http://127.0.0.1:1', modelsFolder: '/none' },
    bus,
    state: {} as ProviderServiceParts['state'],
    fetch: async () => {
      throw new Error('no Ollama here');
    },
    log,
    metrics: new Metrics('test'),
  });
  service.update(mesh, []);
  await service.drain(0);
  assert.deepEqual(told, ['a provider could not be let go of Error: still in use']);
});
