/**
 * A router that is stopped finishes what it has accepted and takes nothing new; one that is killed leaves nobody working for it. A
 * second router runs beside it, as in any mesh that replaces its routers one by one.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Bus, openBus } from '@refrain/bus';
import { RouterService } from '@refrain/contracts';
import { createGrpcClient } from '@refrain/rpc';
import { eventually, type ServiceProcess, silentLog, startTrickle } from '@refrain/testkit';
import { ask } from './faults/ask.ts';
import { askByNats } from './faults/ask-nats.ts';
import { doors } from './faults/outcome.ts';
import { readiness } from './faults/readiness.ts';
import { answerRightly, freshQuestion, more, rightAnswer, sameMeaningOnly, upstreamCounts } from './faults/steady.ts';
import { startMesh, type TestMesh } from './start-mesh.ts';

/** An upstream may take as long as in a real mesh. */
const patienceMs = 30_000;
let mesh: TestMesh;
let bus: Bus;
before(async () => {
  mesh = await startMesh({ extra: sameMeaningOnly, patienceMs });
  bus = openBus({ url: mesh.nats.url, name: 'test', log: silentLog });
  await eventually(() => bus.connected);
  answerRightly(mesh, (question) => {
    if (question.startsWith('Never:')) return { hang: 'headers' };
    if (question.startsWith('Long:')) return { chunks: 110, paceMs: 150 };
    return question.startsWith('Slowly:') ? { chunks: 20, paceMs: 50 } : {};
  });
});
after(async () => {
  await mesh.stop();
  await bus.drain();
});

test('stopped under load: what was accepted is answered whole, the rest is refused unheard and may go elsewhere', async () => {
  const second = await startRouter();
  const heard = new Set<string>();
  const slow = doors.map((door) =>
    ask(second, door, `Slowly: ${freshQuestion()}`, { onText: (text) => void heard.add(text) }),
  );
  const asking = startTrickle(15, (n) => ask(second, doors[n % doors.length] ?? 'http', freshQuestion()));
  const byNats = startTrickle(40, async () => {
    const question = freshQuestion();
    return { expected: rightAnswer(question), answer: await askByNats(bus, question) };
  });
  await more(asking, 40);
  await eventually(() => heard.size >= 2, { what: 'streams under way' });
  const code = second.process.stop();
  await eventually(async () => (await readiness(second.process)).status === 503, { what: 'readiness to end' });
  assert.equal(await code, 0);
  await more(byNats, 10);

  for (const { error, question, text } of await Promise.all(slow)) {
    assert.deepEqual([error, text], [undefined, rightAnswer(question)]);
  }
  const refused = (await asking.stop()).map(({ value }) => value).filter(({ error }) => error !== undefined);
  assert.ok(refused.length > 0, 'some came too late');
  for (const { error } of refused) assert.match(error?.code ?? '', /^(connection|unavailable)$/);
  const atUpstream = upstreamCounts(mesh);
  assert.deepEqual(
    refused.filter(({ question }) => atUpstream.has(question)),
    [],
  );
  for (const { door, question } of refused.slice(0, 20)) {
    const { error, text } = await ask(mesh, door, question);
    assert.deepEqual([error, text], [undefined, rightAnswer(question)]);
  }
  for (const { value } of await byNats.stop()) assert.equal(value.answer, value.expected);
  second.client.close();
});

describe('what takes longer than a router may', { concurrency: true }, () => {
  test('an operator gives it longer by STOP_SECONDS: an answer that takes longer than usual stops is heard to its end', async () => {
    const second = await startRouter({ STOP_SECONDS: '30' });
    const question = `Long: ${freshQuestion()}`;
    const asked = ask(second, 'grpc-stream', question);
    await callOf(question);
    const code = second.process.stop();
    const { error, text } = await asked;
    assert.deepEqual([error, text, await code], [undefined, rightAnswer(question), 0]);
    second.client.close();
  });

  test('killed: the worker notices within 10 s, the upstream is left, and a caller that asks again is answered', async () => {
    const second = await startRouter();
    const question = `Never: ${freshQuestion()}`;
    const asked = ask(second, 'grpc', question);
    const call = await callOf(question);
    const killedAt = performance.now();
    await second.process.kill();
    const { error } = await asked;
    assert.equal(error?.code, 'unavailable');
    await eventually(() => call().abortedAtMs !== undefined, { what: 'the upstream to be left', timeoutMs: 12_000 });
    const ms = (call().abortedAtMs ?? 0) - killedAt;
    assert.ok(ms < 10_500, `the upstream worked on for ${ms} ms`);
    const again = freshQuestion();
    assert.equal((await ask(mesh, 'grpc', again)).text, rightAnswer(again));
    second.client.close();
  });

  test('stopped while an upstream hangs: it ends within 10 s by itself, the caller hears so and the upstream is left', async () => {
    const second = await startRouter();
    const questions = doors.map(() => `Never: ${freshQuestion()}`);
    const asked = questions.map((question, i) => ask(second, doors[i] ?? 'http', question));
    const calls = await Promise.all(questions.map(callOf));
    const began = performance.now();
    assert.equal(await second.process.stop(), 0);
    assert.ok(performance.now() - began < 10_000);
    for (const { door, error } of await Promise.all(asked)) assert.notEqual(error, undefined, door);
    await eventually(() => calls.every((call) => call().abortedAtMs !== undefined), {
      what: 'the upstream to be left',
    });
    second.client.close();
  });
});

/** Another router of the same mesh. */
async function startRouter(
  env: Readonly<Record<string, string>> = {},
): Promise<Pick<TestMesh, 'http' | 'client'> & { process: ServiceProcess }> {
  const process = await mesh.start('router', { CACHE_ADDR: mesh.cache.ready.grpc ?? '', ...env });
  await eventually(async () => (await readiness(process)).status === 200, { what: 'the second router' });
  return {
    process,
    http: process.ready.http ?? '',
    client: createGrpcClient(RouterService, process.ready.grpc ?? ''),
  };
}

/** Waits until an upstream has a question; gives the reader of its record. */
async function callOf(question: string) {
  const find = () => mesh.one.calls.find(({ body }) => JSON.stringify(body).includes(question));
  await eventually(() => find() !== undefined, { what: 'the question at its upstream' });
  return () => {
    const call = find();
    if (!call) throw new TypeError('the record is gone');
    return call;
  };
}
