import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMeshConfig } from '@refrain/service';
import { KeptProcess } from './kept-process.ts';
import type { Mesh, MeshService } from './mesh.ts';
import { ProcessEnded } from './process-ended.ts';
import type { RunningService } from './service-process.ts';
import { loadSettings } from './settings.ts';
import { toSummary } from './summary.ts';
import { toMeshFile } from './to-mesh-file.ts';

const yaml = `version: 1
tiers:
  free: { lane: low, requestsPerMinute: 1 }
  basic: { lane: normal, requestsPerMinute: 1 }
  pro: { lane: high, requestsPerMinute: 1 }
  enterprise: { lane: high, requestsPerMinute: 1 }
providers:
  groq: { adapter: openai, keys: GROQ, models: [{ name: m, rank: 1, contextTokens: 10 }] }
routes: [{ try: [groq/m] }]
`;
const hash = `sha256:${'0'.repeat(64)}`;
const contextOf = (text: string, env: NodeJS.ProcessEnv = {}) => ({
  settings: loadSettings({ REFRAIN_HOME: '/h' }),
  config: parseMeshConfig(text, 'test.yaml'),
  env,
});

async function service(name: string, addresses: Partial<RunningService['ready']>, parts = {}): Promise<MeshService> {
  const ended = new ProcessEnded(name, 'SIGTERM', { words: [], isFinal: false });
  const end = Promise.withResolvers<ProcessEnded>();
  const ready = { type: 'ready', metrics: 'http://127.0.0.1:9/metrics', ...addresses } as const;
  const ignore = () => undefined;
  const process = new KeptProcess<RunningService>({
    name,
    signal: new AbortController().signal,
    say: ignore,
    onRestart: ignore,
    onFatal: ignore,
    start: async () => ({ pid: 7, ready, exited: end.promise, stop: async () => end.resolve(ended), kill: ignore }),
  });
  await process.start();
  return { process, readiness: { ok: true, parts } };
}

const mesh: Mesh = {
  parts: {
    redis: { url: 'redis://user:secret@r:1', origin: 'configured', pid: () => undefined },
    nats: { url: 'nats://127.0.0.1:2', origin: 'PATH, 2.11.0', pid: () => 8 },
    chroma: { url: 'http://127.0.0.1:3', origin: 'wheel, 1.5.9', pid: () => 9 },
  },
  cache: await service(
    'cache',
    { grpc: '0.0.0.0:4' },
    { redis: 'up', chroma: 'down: no neighbours', embedder: 'down: exact answers only' },
  ),
  jobs: await service('jobs', { grpc: '127.0.0.1:7' }, { nats: 'up' }),
  workers: [await service('provider-llama', {}, { nats: 'connected', llama: 'no Ollama; smollm2-135m: ready' })],
  routers: [
    await service('router-1', { grpc: '127.0.0.1:5', http: 'http://127.0.0.1:6' }),
    await service('router-2', { grpc: '127.0.0.1:15', http: 'http://127.0.0.1:16' }),
  ],
};

test('mesh.json tells where everything is, by addresses that can be called', () => {
  const metrics = 'http://127.0.0.1:9/metrics';
  assert.deepEqual(toMeshFile(mesh), {
    router: { grpc: '127.0.0.1:5', http: 'http://127.0.0.1:6' },
    cache: { grpc: '127.0.0.1:4' },
    jobs: { grpc: '127.0.0.1:7' },
    redis: 'redis://user:secret@r:1',
    nats: 'nats://127.0.0.1:2',
    chroma: 'http://127.0.0.1:3',
    processes: [
      { name: 'router-1', pid: 7, metrics, grpc: '127.0.0.1:5', http: 'http://127.0.0.1:6' },
      { name: 'router-2', pid: 7, metrics, grpc: '127.0.0.1:15', http: 'http://127.0.0.1:16' },
      { name: 'provider-llama', pid: 7, metrics },
      { name: 'jobs', pid: 7, metrics, grpc: '127.0.0.1:7' },
      { name: 'cache', pid: 7, metrics, grpc: '127.0.0.1:4' },
    ],
    parts: [
      { name: 'nats', pid: 8 },
      { name: 'chroma', pid: 9 },
    ],
  });
});

test('the screen names every address, what answers and what is missing, and no password', () => {
  const text = toSummary(mesh, contextOf(yaml), 3.21);
  for (const expected of [
    'Refrain is up (3.2 s)',
    'router-2         gRPC 127.0.0.1:15   HTTP http://127.0.0.1:16   ops http://127.0.0.1:9',
    'redis            redis://r:1   (configured)',
    'nats             nats://127.0.0.1:2   (PATH, 2.11.0)',
    'chroma     down: no neighbours',
    'embedder   down: exact answers only',
    'llama      no Ollama; smollm2-135m: ready',
    'groq       no key (GROQ_API_KEY)',
    'curl http://127.0.0.1:6/v1/chat/completions',
    '127.0.0.1:5 refrain.router.v1.RouterService/StreamComplete',
    'refrain.v1.complete.local',
    '/h/mesh.json',
  ]) {
    assert.ok(text.includes(expected), `${expected} is not in\n${text}`);
  }
  assert.doesNotMatch(text, /secret|Bearer/);
});

test('where callers need keys the lines to try say so, and a provider with a key is not called missing', () => {
  const keys = `keys: [{ hash: "${hash}", tenant: acme, user: app, tier: pro }]\n`;
  const text = toSummary(mesh, contextOf(yaml + keys, { GROQ_API_KEY: 'k' }), 1);
  assert.equal(text.match(/authorization: Bearer YOUR_KEY/g)?.length, 2);
  assert.doesNotMatch(text, /GROQ/);
});
