/** The cache as it is run: a process of its own, its environment, its ports and its end. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import {
  CacheService,
  InvalidateRequestSchema,
  Level,
  LookupRequestSchema,
  StatsRequestSchema,
  StoreManyRequestSchema,
  StoreRequestSchema,
} from '@refrain/contracts';
import { Health, HealthCheckRequestSchema, HealthCheckResponse_ServingStatus } from '@refrain/contracts/grpc';
import { createGrpcClient } from '@refrain/rpc';
import { operatorMetadata, Secret } from '@refrain/service';
import {
  eventually,
  modelsFolder,
  type ServiceProcess,
  startChroma,
  startProcess,
  startRedis,
  type TestServer,
} from '@refrain/testkit';
import { answerOf, chatOf } from './rig.ts';

const yaml = (answer: string) => `version: 1
tiers:
  free: { lane: low, requestsPerMinute: 10 }
  basic: { lane: normal, requestsPerMinute: 10 }
  pro: { lane: high, requestsPerMinute: 10 }
  enterprise: { lane: high, requestsPerMinute: 10 }
providers: { p: { adapter: openai, keyless: true, models: [{ name: m, rank: 3, contextTokens: 1000 }] } }
routes: [{ try: [p/m] }]
templates: [{ name: hi, pattern: "hello there", answer: "${answer}", serve: always }]
`;
const prompt = 'A prompt of which nobody may read zanzibar in a log';
const reply = 'An answer of which nobody may read zeppelin in a log';

let redis: TestServer;
let chroma: TestServer;
let folder: string;
let cache: ServiceProcess | undefined;
before(async () => {
  [redis, chroma, folder] = await Promise.all([startRedis(), startChroma(), mkdtemp(join(tmpdir(), 'refrain-cache-'))]);
});
afterEach(async () => {
  redis.thaw();
  await cache?.kill();
  cache = undefined;
});
after(async () => {
  await Promise.all([redis.stop(), chroma.stop(), rm(folder, { recursive: true })]);
});

async function start(env: Record<string, string> = {}) {
  const config = join(folder, 'refrain.yaml');
  await writeFile(config, yaml('General Kenobi.'));
  cache = await startProcess({
    entry: 'services/cache/src/main.ts',
    env: {
      CACHE_PORT: '0',
      CACHE_OPS_PORT: '0',
      REDIS_URL: redis.url,
      CHROMA_URL: chroma.url,
      REFRAIN_CONFIG: config,
      REFRAIN_MODELS: modelsFolder,
      LOG_LEVEL: 'debug',
      ...env,
    },
  });
  const { grpc = '', metrics = '' } = cache.ready;
  const ops = metrics.replace(/\/metrics$/, '');
  const readyz = async () => {
    const response = await fetch(`${ops}/readyz`);
    return (await response.json()) as { ok: boolean; parts: Record<string, string> };
  };
  return { cache, grpc, ops, config, readyz, client: createGrpcClient(CacheService, grpc) };
}

const ask = (text: string, levels: Level[] = []) =>
  create(LookupRequestSchema, { tenant: 't', chat: chatOf(text), classification: {}, levels });

test('serves gRPC with health, and says on its own port how its parts are', async () => {
  const { client, grpc, ops, readyz } = await start();
  await eventually(async () => Object.values((await readyz()).parts).every((part) => part === 'up'), {
    timeoutMs: 30_000,
    what: 'all parts',
  });
  const offer = create(StoreRequestSchema, {
    tenant: 't',
    chat: chatOf(prompt),
    classification: {},
    answer: answerOf(reply),
  });
  assert.ok((await client.store(offer)).stored);
  assert.equal((await client.lookup(ask(prompt))).answer?.text, reply);
  assert.equal((await client.stats(create(StatsRequestSchema))).exactHits, 1n);
  const health = createGrpcClient(Health, grpc);
  const { status } = await health.check(create(HealthCheckRequestSchema, { service: CacheService.typeName }));
  assert.equal(status, HealthCheckResponse_ServingStatus.SERVING);
  assert.equal((await fetch(`${ops}/healthz`)).status, 200);
  const metrics = await (await fetch(`${ops}/metrics`)).text();
  assert.match(metrics, /refrain_cache_lookups_total\{level="exact",result="hit",service="cache"\} 1/);
  assert.match(
    metrics,
    /refrain_cache_lookup_seconds_count\{(?:service="cache",level="exact"|level="exact",service="cache")\} 1/,
  );
  assert.match(metrics, /refrain_cache_index_hot_vectors\{.*\} \d/);
  for (const part of ['redis', 'chroma', 'embedder'])
    assert.match(metrics, new RegExp(`refrain_cache_${part}_up\\{.*\\} 1`));
  health.close();
  client.close();
});

test('a bad request is INVALID_ARGUMENT with each fault, and the next good one is answered', async () => {
  const { client } = await start();
  await assert.rejects(client.lookup(create(LookupRequestSchema, { levels: [7 as Level] })), (error) => {
    const { code, fields } = error as { code: string; fields: { field: string }[] };
    assert.deepEqual([code, fields.map(({ field }) => field)], ['invalid', ['tenant', 'levels[0]', 'chat']]);
    return true;
  });
  await assert.rejects(client.store(create(StoreRequestSchema)), { code: 'invalid' });
  await assert.rejects(client.invalidate(create(InvalidateRequestSchema)), {
    code: 'invalid',
  });
  assert.equal((await client.lookup(ask('hello there', [Level.TEMPLATE]))).answer?.text, 'General Kenobi.');
  client.close();
});

test('of several answers offered at once each is kept or refused by itself', async () => {
  const { client } = await start();
  const offer = (tenant: string, text: string) => ({
    tenant,
    chat: chatOf(prompt),
    classification: {},
    answer: answerOf(text),
  });
  const requests = [offer('many-1', 'One.'), {}, offer('many-2', ''), offer('many-3', 'Three.')];
  const { responses } = await client.storeMany(create(StoreManyRequestSchema, { requests }));
  assert.deepEqual(
    responses.map(({ stored, refusedReason }) => [stored, refusedReason]),
    [
      [true, ''],
      [false, 'invalid'],
      [false, 'empty'],
      [true, ''],
    ],
  );
  for (const [tenant, text] of [
    ['many-1', 'One.'],
    ['many-2', undefined],
    ['many-3', 'Three.'],
  ] as const)
    assert.equal((await client.lookup({ ...ask(prompt), tenant })).answer?.text, text);
  const tooMany = Array.from({ length: 257 }, () => ({}));
  await assert.rejects(client.storeMany(create(StoreManyRequestSchema, { requests: tooMany })), { code: 'invalid' });
  client.close();
});

test('neither prompts nor answers are in its log, also when parts fail under them', async () => {
  const { cache, client } = await start();
  const offer = create(StoreRequestSchema, {
    tenant: 't',
    chat: chatOf(prompt),
    classification: {},
    answer: answerOf(reply),
  });
  await client.store(offer);
  redis.freeze();
  chroma.freeze();
  for (let i = 0; i < 4; i += 1) await client.lookup(ask(`${prompt} ${i}`));
  await client.store(offer);
  redis.thaw();
  chroma.thaw();
  await client.lookup(ask(prompt));
  client.close();
  await cache.stop();
  assert.match(cache.output(), /ready/);
  assert.doesNotMatch(cache.output(), /zanzibar|zeppelin/);
});

test('without a model it starts, answers exactly, and /readyz says so', async () => {
  const { client, readyz } = await start({ REFRAIN_MODELS: join(folder, 'none') });
  const { ok, parts } = await readyz();
  assert.equal(ok, true);
  assert.match(parts.embedder ?? '', /^no model, exact answers only: .*ENOENT/);
  assert.equal((await client.lookup(ask(prompt, [Level.SEMANTIC]))).missReason, 'no_model');
  client.close();
});

test('with neither Redis nor Chroma it starts, misses at once and says what is down', async () => {
  const nowhere = { REDIS_URL: 'redis://127.0.0.1:1', CHROMA_URL: 'http://127.0.0.1:1' };
  const { client, readyz } = await start(nowhere);
  const begin = performance.now();
  assert.equal((await client.lookup(ask(prompt, [Level.EXACT, Level.SEMANTIC]))).missReason, 'redis_down');
  assert.ok(performance.now() - begin < 400);
  const { parts } = await readyz();
  assert.match(parts.redis ?? '', /^down/);
  assert.match(parts.chroma ?? '', /^down/);
  client.close();
});

test('another refrain.yaml counts without a restart; a bad one leaves the old in force, and is counted', async () => {
  const { client, config, ops } = await start();
  const greet = async () => (await client.lookup(ask('hello there', [Level.TEMPLATE]))).answer?.text;
  assert.equal(await greet(), 'General Kenobi.');
  await writeFile(config, 'version: nonsense\n');
  const isCounted = async () =>
    /^refrain_config_errors_total\S* 1$/m.test(await (await fetch(`${ops}/metrics`)).text());
  await eventually(isCounted, { what: 'a counted fault' });
  assert.match(cache?.output() ?? '', /the new configuration cannot be used; the old one stays in force/);
  assert.equal(await greet(), 'General Kenobi.');
  await writeFile(config, yaml('You are a bold one.'));
  await eventually(async () => (await greet()) === 'You are a bold one.');
  client.close();
});

test('SIGTERM: what was asked is answered, nothing new is taken, and the process ends with 0', async () => {
  const { cache, client, grpc } = await start();
  await client.lookup(ask(prompt));
  redis.freeze();
  const running = Promise.all(Array.from({ length: 20 }, () => client.lookup(ask(prompt, [Level.EXACT]))));
  const late = createGrpcClient(CacheService, grpc);
  await late.waitForReady(2000);
  const exit = cache.stop();
  const answers = await running;
  assert.ok(answers.every(({ missReason }) => missReason === 'redis_down'));
  redis.thaw();
  assert.equal(await exit, 0, cache.output());
  await assert.rejects(late.lookup(ask(prompt), { timeoutMs: 2000 }), { code: 'unavailable' });
  late.close();
  client.close();
});

test('beyond loopback nobody is served who does not know the mesh’s secret', async () => {
  const secret = 'a-secret-of-the-mesh';
  const { grpc } = await start({ CACHE_HOST: '0.0.0.0', REFRAIN_MESH_SECRET: secret });
  const address = `127.0.0.1:${grpc.split(':').at(-1)}`;
  const open = (metadata?: Record<string, string>) => {
    const client = createGrpcClient(CacheService, address, { metadata });
    return client.stats(create(StatsRequestSchema)).finally(() => client.close());
  };
  await assert.rejects(open(), { code: 'unauthenticated', reason: 'MESH_SECRET_MISSING' });
  await assert.rejects(open(operatorMetadata(new Secret('another-secret-here'))), { reason: 'INVALID_MESH_SECRET' });
  assert.equal((await open(operatorMetadata(new Secret(secret)))).exactHits, 0n);
});

test('an environment that cannot be used ends with 78 and the variable’s name', async () => {
  const all = /exit code 78\)[\s\S]*CACHE_PORT[\s\S]*REDIS_URL/;
  await assert.rejects(start({ CACHE_PORT: 'http', REDIS_URL: 'localhost' }), all);
});

test('beyond loopback without the mesh’s secret it does not start: it ends with 78 and says what is missing', async () => {
  await assert.rejects(start({ CACHE_HOST: '0.0.0.0' }), /exit code 78\)[\s\S]*REFRAIN_MESH_SECRET/);
});
