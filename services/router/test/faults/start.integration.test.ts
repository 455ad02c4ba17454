/** Everything is down when the services start, and comes one by one, in an order nobody would choose. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { CacheService, RouterService, StatsRequestSchema } from '@refrain/contracts';
import { createGrpcClient } from '@refrain/rpc';
import { eventually, type ServiceProcess } from '@refrain/testkit';
import { startMesh, type TestMesh } from '../start-mesh.ts';
import { ask } from './ask.ts';
import { doors } from './outcome.ts';
import { readiness } from './readiness.ts';
import { answerRightly, freshQuestion, respelt, rightAnswer, sameMeaningOnly } from './steady.ts';

let mesh: TestMesh;
let router: ServiceProcess;
/** The address of a cache that does not run yet. */
let cacheAddress: string;
let doorsOf: Pick<TestMesh, 'http' | 'client'>;
before(async () => {
  mesh = await startMesh({ extra: sameMeaningOnly, partsDown: true });
  answerRightly(mesh);
  cacheAddress = mesh.cache.ready.grpc ?? '';
  await Promise.all([mesh.cache.stop(), mesh.router.stop()]);
  router = await mesh.start('router', { CACHE_ADDR: cacheAddress });
  doorsOf = { http: router.ready.http ?? '', client: createGrpcClient(RouterService, router.ready.grpc ?? '') };
});
after(async () => {
  await mesh.stop();
  doorsOf.client.close();
});

test('services start without their parts, answer with what they have, and become whole as the parts appear', async () => {
  const { parts, status } = await readiness(router);
  assert.deepEqual([status, Object.values(parts).every((part) => part.startsWith('down: '))], [503, true]);
  await assertTemplates();

  await mesh.nats.restart();
  await eventually(async () => (await ask(doorsOf, 'grpc', freshQuestion())).source === 'provider', {
    what: 'the workers to be found',
  });
  assert.equal((await readiness(router)).status, 503, 'it has not seen its cache');
  for (const door of doors) {
    const question = freshQuestion();
    const { error, source, text } = await ask(doorsOf, door, question);
    assert.deepEqual([error, source, text], [undefined, 'provider', rightAnswer(question)]);
  }

  const cache = await mesh.start('cache', { CACHE_PORT: cacheAddress.split(':')[1] ?? '' });
  await eventually(async () => (await readiness(router)).status === 200, { what: 'the router to be ready' });
  await mesh.redis.restart();
  const question = freshQuestion();
  await eventually(async () => (await ask(doorsOf, 'http', question)).source === 'exact', { what: 'exact answers' });
  await mesh.chroma.restart();
  const client = createGrpcClient(CacheService, cache.ready.grpc ?? '');
  const isWhole = async () => (await client.stats(create(StatsRequestSchema))).semanticReady;
  await eventually(isWhole, { what: 'the semantic level', timeoutMs: 30_000 });
  client.close();
  const another = freshQuestion();
  await ask(doorsOf, 'http', another);
  await eventually(async () => (await ask(doorsOf, 'http', respelt(another))).source === 'semantic', {
    what: 'answers by meaning',
  });
  assert.equal((await readiness(mesh.workers)).status, 200);
});

async function assertTemplates(): Promise<void> {
  for (const door of doors) {
    const began = performance.now();
    const { degraded, error, source } = await ask(doorsOf, door, freshQuestion());
    assert.deepEqual([error, source, degraded], [undefined, 'template', true], door);
    assert.ok(performance.now() - began < 1000, door);
  }
}
