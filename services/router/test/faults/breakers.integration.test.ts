/** Breakers through the whole mesh, with two routers: who opens one opens it for all, and the time that callers are told is the time they wait. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { RouterService } from '@refrain/contracts';
import { createGrpcClient } from '@refrain/rpc';
import { eventually, type Reply } from '@refrain/testkit';
import { startMesh, type TestMesh } from '../start-mesh.ts';
import { ask } from './ask.ts';
import { doors } from './outcome.ts';
import { answerRightly, freshQuestion, questionIn, rightAnswer, sameMeaningOnly } from './steady.ts';

const cooldownMs = 3000;
const failures = 5;
const fails: Reply = { fault: { kind: 'overloaded' } };
let mesh: TestMesh;
let other: Pick<TestMesh, 'client' | 'http'>;
before(async () => {
  const limits = `limits: { breaker: { failures: ${failures}, cooldownMs: ${cooldownMs} }, throttle: { minimumRequests: 1000000 } }\n`;
  mesh = await startMesh({ extra: `${sameMeaningOnly}\n${limits}` });
  const second = await mesh.start('router', { CACHE_ADDR: mesh.cache.ready.grpc ?? '' });
  const client = createGrpcClient(RouterService, second.ready.grpc ?? '');
  other = { client, http: second.ready.http ?? '' };
});
after(async () => {
  other.client.close();
  await mesh.stop();
});

beforeEach(async () => {
  answerRightly(mesh);
  for (const router of [mesh, other]) {
    await eventually(async () => (await ask(router, 'grpc', freshQuestion())).provider === 'one', {
      what: 'every breaker to be closed',
      timeoutMs: 20_000,
    });
  }
});

/** Lets `one` fail until its breaker opens, seen from one router. */
async function open(): Promise<void> {
  mesh.one.otherwise(fails);
  for (let i = 0; i < failures; i += 1) {
    assert.equal((await ask(mesh, 'grpc', freshQuestion())).provider, 'two');
  }
}

/** Waits until the other router passes `one` over as well. */
async function untilKnown(): Promise<void> {
  const isPassedOver = async () => {
    const before = mesh.one.count;
    assert.equal((await ask(other, 'grpc', freshQuestion())).provider, 'two');
    return mesh.one.count === before;
  };
  await eventually(isPassedOver, { what: 'the other router to know' });
}

test('five failures in a row, and the provider is left alone by every door of every router', async () => {
  await open();
  await untilKnown();
  const calls = mesh.one.count;
  for (const door of doors) {
    const { attempts, degraded, error, provider } = await ask(mesh, door, freshQuestion());
    assert.deepEqual([error, provider, attempts, degraded], [undefined, 'two', 1, false], door);
  }
  assert.equal(mesh.one.count, calls);
});

test('five failures in a row count, whichever routers saw them', async () => {
  mesh.one.otherwise(fails);
  const before = mesh.one.count;
  for (let i = 0; i < failures; i += 1) {
    assert.equal((await ask(i % 2 === 0 ? mesh : other, 'grpc', freshQuestion())).provider, 'two');
  }
  assert.equal(mesh.one.count - before, failures);
  const isPassedOver = async (router: Pick<TestMesh, 'client' | 'http'>) => {
    const calls = mesh.one.count;
    assert.equal((await ask(router, 'grpc', freshQuestion())).provider, 'two');
    return mesh.one.count === calls;
  };
  for (const router of [mesh, other]) await eventually(() => isPassedOver(router), { what: 'the router to know' });
  assert.ok(mesh.one.count - before < 2 * failures, 'no router needs five of its own');
});

test('when its time is over one request of the mesh tries it; when it is well both routers ask it again', async () => {
  await open();
  answerRightly(mesh);
  for (const router of [mesh, other]) {
    await eventually(async () => (await ask(router, 'grpc', freshQuestion())).provider === 'one', {
      what: 'the provider to be asked again',
      timeoutMs: 10_000,
    });
  }
});

test('of many that ask when its time is over, through two routers, one tries', async () => {
  await open();
  await untilKnown();
  let tried = 0;
  mesh.one.otherwise(() => {
    tried += 1;
    return { hang: 'headers' };
  });
  const leaving = new AbortController();
  const asking: Promise<unknown>[] = [];
  const askBoth = () => {
    for (const router of [mesh, other]) asking.push(ask(router, 'grpc', freshQuestion(), { signal: leaving.signal }));
  };
  await eventually(
    () => {
      askBoth();
      return tried > 0;
    },
    { what: 'somebody to try', timeoutMs: 10_000 },
  );
  for (let i = 0; i < 20; i += 1) askBoth();
  await eventually(() => mesh.two.count > 0);
  assert.equal(tried, 1);
  leaving.abort();
  await Promise.all(asking);
});

test('when all are open nobody is asked, and the caller is told by every door when the first may be tried again; then it is', async () => {
  for (const upstream of [mesh.one, mesh.two]) upstream.otherwise(fails);
  const best = { model: 'best', noFallback: true };
  for (let i = 0; i < failures; i += 1) await ask(mesh, 'grpc', freshQuestion(), best);
  const calls = mesh.one.count + mesh.two.count;
  let readyAt = Number.POSITIVE_INFINITY;
  for (const door of doors) {
    const askedAt = performance.now();
    const { error } = await ask(mesh, door, freshQuestion(), best);
    assert.deepEqual([error?.code, error?.reason], [door.startsWith('http') ? '503' : 'unavailable', 'BREAKER_OPEN']);
    const waitMs = error?.retryAfterMs ?? 0;
    assert.ok(waitMs > 0 && waitMs <= cooldownMs, `${door}: ${waitMs} ms`);
    readyAt = Math.min(readyAt, askedAt + waitMs);
  }
  assert.equal(mesh.one.count + mesh.two.count, calls);
  mesh.one.otherwise((call) => ({ text: rightAnswer(questionIn(call)) }));
  mesh.two.otherwise((call) => ({ text: rightAnswer(questionIn(call)) }));
  await eventually(async () => (await ask(mesh, 'grpc', freshQuestion(), best)).error === undefined, {
    what: 'an answer',
    timeoutMs: 10_000,
  });
  assert.ok(performance.now() > readyAt - 50, 'not before it was told');
});

test('without Redis each router goes on with its own breakers', async () => {
  await mesh.redis.kill();
  await open();
  const calls = mesh.one.count;
  assert.equal((await ask(mesh, 'grpc', freshQuestion())).provider, 'two');
  assert.equal(mesh.one.count, calls);
  answerRightly(mesh);
  await eventually(async () => (await ask(mesh, 'grpc', freshQuestion())).provider === 'one', {
    what: 'the provider to be asked again',
    timeoutMs: 10_000,
  });
  await mesh.redis.restart();
});
