import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMeshConfig } from '@refrain/service';
import { planCache, planJobs, planRouters, planWorkers } from './plan.ts';
import { loadSettings } from './settings.ts';

const yaml = (providers: string) => `version: 1
tiers:
  free: { lane: low, requestsPerMinute: 1 }
  basic: { lane: normal, requestsPerMinute: 1 }
  pro: { lane: high, requestsPerMinute: 1 }
  enterprise: { lane: high, requestsPerMinute: 1 }
providers:
  llama: { adapter: llama, keyless: true, models: [{ name: m, rank: 1, contextTokens: 10 }] }
${providers}
routes: [{ try: [llama/m] }]
`;
const remote = '  groq: { adapter: openai, keys: GROQ, models: [{ name: m, rank: 1, contextTokens: 10 }] }';
const keyless = '  near: { adapter: openai, keyless: true, models: [{ name: m, rank: 1, contextTokens: 10 }] }';
const context = (env: NodeJS.ProcessEnv, providers = remote) => ({
  settings: loadSettings(env),
  config: parseMeshConfig(yaml(providers), 'test.yaml'),
  env,
});
const workers = (env: NodeJS.ProcessEnv, providers?: string) =>
  planWorkers(context(env, providers), { nats: 'nats://n', redis: 'redis://r' }).map(({ name }) => name);

test('provider keys reach the worker that needs them and nobody else', () => {
  const env = {
    GROQ_API_KEY: 'a',
    GROQ_API_KEYS: 'b,c',
    GROQ_API_KEY_7: 'd',
    GROQ_API_KEY_FILE: '/f',
    GROQ_API_KEYRING: 'no key',
  };
  const of = (plan: { env: NodeJS.ProcessEnv } | undefined) =>
    Object.keys(plan?.env ?? {}).filter((name) => name.startsWith('GROQ'));
  const [remoteWorker, llamaWorker] = planWorkers(context(env), { nats: 'nats://n', redis: 'redis://r' });
  assert.deepEqual(of(remoteWorker), Object.keys(env));
  assert.deepEqual(of(llamaWorker), ['GROQ_API_KEYRING']);
  assert.deepEqual(of(planCache(context(env), { redis: 'redis://r', chroma: 'http://c' })), ['GROQ_API_KEYRING']);
  const [router] = planRouters(context(env), { redis: 'redis://r', nats: 'nats://n', cache: 'c:1', jobs: 'j:1' }, 1);
  assert.deepEqual(of(router), ['GROQ_API_KEYRING']);
});

test('the secret that tenants are called by reaches the cache alone: the configured one, else the mesh’s own', () => {
  const secretsOf = (env: NodeJS.ProcessEnv) => {
    const given = context(env);
    const plans = [
      planCache(given, { redis: 'redis://r', chroma: 'http://c' }),
      ...planWorkers(given, { nats: 'nats://n', redis: 'redis://r' }),
      ...planRouters(given, { redis: 'redis://r', nats: 'nats://n', cache: 'c:1', jobs: 'j:1' }, 1),
    ];
    return plans.map(({ env: { CACHE_TENANT_SECRET, CACHE_TENANT_SECRET_FILE } }) => [
      CACHE_TENANT_SECRET,
      CACHE_TENANT_SECRET_FILE,
    ]);
  };
  const none = [undefined, undefined];
  assert.deepEqual(secretsOf({ CACHE_TENANT_SECRET: 's' }), [['s', undefined], none, none]);
  assert.deepEqual(secretsOf({ CACHE_TENANT_SECRET_FILE: '/f' })[0], [undefined, '/f']);
  const { home } = loadSettings({});
  assert.deepEqual(secretsOf({}), [[undefined, home.tenantSecretFile], none, none]);
  assert.deepEqual(secretsOf({ CACHE_TENANT_SECRET: '' })[0]?.[1], home.tenantSecretFile);
});

test('a worker whose port is taken is told by the variable of npm start for it', () => {
  const addresses = { nats: 'nats://n', redis: 'redis://r' };
  const variables = planWorkers(context({ GROQ_API_KEY: 'k' }), addresses).map(
    ({ ports }) => ports.PROVIDER_OPS_PORT?.variable,
  );
  assert.deepEqual(variables, ['PROVIDER_OPS_PORT', 'PROVIDER_LLAMA_OPS_PORT']);
});

test('a worker for remote providers runs only where it has something to serve', () => {
  assert.deepEqual(workers({}), ['provider-llama']);
  assert.deepEqual(workers({ GROQ_API_KEY_3: 'k' }), ['provider-remote', 'provider-llama']);
  assert.deepEqual(workers({}, keyless), ['provider-remote', 'provider-llama']);
  assert.deepEqual(workers({ GROQ_API_KEY_FILE: '/keys' }), ['provider-remote', 'provider-llama']);
  const pooled = remote.replace('keys: GROQ', 'keys: GROQ, pools: { eu: { keys: GROQ_EU } }');
  assert.deepEqual(workers({ GROQ_EU_API_KEY: 'k' }, pooled), ['provider-remote', 'provider-llama']);
});

test('each router has ports of its own, which meet no other service', () => {
  const routers = planRouters(
    context({}),
    { redis: 'redis://r', nats: 'nats://n', cache: '127.0.0.1:7470', jobs: 'j:1' },
    3,
  );
  const ports = routers.map(({ ports }) => Object.values(ports).map(({ preferred }) => preferred));
  assert.deepEqual(ports, [
    [7460, 7461, 7462],
    [7560, 7561, 7562],
    [7660, 7661, 7662],
  ]);
  assert.equal(routers[2]?.name, 'router-3');
  assert.equal(routers[2]?.env.CACHE_ADDR, '127.0.0.1:7470');
  assert.equal(routers[2]?.env.REDIS_URL, 'redis://r');
  const free = planRouters(context({ ROUTER_HTTP_PORT: '0' }), { redis: 'r', nats: 'n', cache: 'c', jobs: 'j' }, 2);
  assert.deepEqual(
    free.map(({ ports }) => ports.ROUTER_HTTP_PORT?.preferred),
    [0, 0],
  );
});

test('routers, jobs and the cache know each other by one secret, which no worker hears: the configured one, else the mesh’s own', () => {
  const secretsOf = (env: NodeJS.ProcessEnv) => {
    const given = context(env);
    const plans = [
      ...planRouters(given, { redis: 'redis://r', nats: 'nats://n', cache: 'c:1', jobs: 'j:1' }, 1),
      planJobs(given, { nats: 'nats://n', router: 'r:1' }, 7485),
      planCache(given, { redis: 'redis://r', chroma: 'http://c' }),
      ...planWorkers(given, { nats: 'nats://n', redis: 'redis://r' }),
    ];
    return plans.map(({ env: { REFRAIN_MESH_SECRET, REFRAIN_MESH_SECRET_FILE } }) => [
      REFRAIN_MESH_SECRET,
      REFRAIN_MESH_SECRET_FILE,
    ]);
  };
  const none = [undefined, undefined];
  assert.deepEqual(secretsOf({ REFRAIN_MESH_SECRET: 's' }), [
    ['s', undefined],
    ['s', undefined],
    ['s', undefined],
    none,
  ]);
  assert.deepEqual(secretsOf({ REFRAIN_MESH_SECRET_FILE: '/f' }).slice(2), [[undefined, '/f'], none]);
  const own = context({}).settings.home.meshSecretFile;
  assert.deepEqual(secretsOf({}), [[undefined, own], [undefined, own], [undefined, own], none]);
});
