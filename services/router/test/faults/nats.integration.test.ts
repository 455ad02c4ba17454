/**
 * NATS is killed, frozen and brought back under a steady trickle of questions. Contract: what the cache knows is answered on, what it
 * does not know gets a template (or, asked with fallback `none`, UNAVAILABLE) at once; afterwards all goes on without a restart.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Bus, openBus } from '@refrain/bus';
import { type Ended, eventually, silentLog } from '@refrain/testkit';
import { startMesh, type TestMesh } from '../start-mesh.ts';
import { ask } from './ask.ts';
import { askByNats } from './ask-nats.ts';
import { doors, type Outcome } from './outcome.ts';
import { readiness } from './readiness.ts';
import {
  answerRightly,
  freshQuestion,
  more,
  rightAnswer,
  sameMeaningOnly,
  since,
  startAsking,
  teach,
  upstreamCounts,
} from './steady.ts';
import { usageRecords } from './usage.ts';

const known = 'What is the capital of France?';
/** An upstream may take as long as in a real mesh: what is quick here is not quick because the providers are impatient. */
const patienceMs = 30_000;
const template = 'Nobody can answer that now.';
let mesh: TestMesh;
let bus: Bus;
before(async () => {
  mesh = await startMesh({ extra: sameMeaningOnly, patienceMs });
  bus = openBus({ url: mesh.nats.url, name: 'test', log: silentLog });
  answerRightly(mesh, (question) => {
    if (question.startsWith('Slowly:')) return { paceMs: 50, chunks: 1000 };
    return question.startsWith('Never:') ? { hang: 'headers' } : {};
  });
  await teach(mesh, known);
});
after(async () => {
  await mesh.stop();
  await bus.drain();
});

test('killed: hits flow on, misses hear so at once, and all goes on when it is back', async () => {
  const asking = startAsking(mesh, known);
  await more(asking, 20);
  const streams = await beginStreams();
  const silent = await beginSilent();
  const killedAt = performance.now();
  await mesh.nats.kill();
  await streams.assertBrokenWithin(1000);
  await silent.assertTemplateWithin(1000);
  await more(asking, 40);
  assertAnsweredOn(since(asking.ended, killedAt), 1000);
  await assertRefusedWithin(1000);
  assert.equal((await readiness(mesh.router)).parts.nats, 'down: only the cache and templates answer');

  await mesh.nats.restart();
  await assertBack();
  await more(asking, 20);
  assertNothingWrong(await asking.stop(), killedAt);
  await assertSettled(upstreamTotal());
});

test('frozen: hits flow on, misses hear so within 5 s and then at once, and all goes on after the thaw', async (t) => {
  t.after(() => mesh.nats.thaw());
  const asking = startAsking(mesh, known);
  await more(asking, 20);
  const frozenAt = performance.now();
  mesh.nats.freeze();
  await assertRefusedWithin(5000);
  const noticedAt = performance.now();
  await more(asking, 40);
  assertAnsweredOn(since(asking.ended, frozenAt), 5000);
  assertAnsweredOn(since(asking.ended, noticedAt), 1000);

  mesh.nats.thaw();
  await assertBack();
  await more(asking, 20);
  assertNothingWrong(await asking.stop(), frozenAt);
  await assertSettled(upstreamTotal());
});

test('back without its data: the usage stream is made again and no record is lost', async () => {
  await assertBack();
  await assertSettled(upstreamTotal());
  const before = upstreamTotal();
  const streams = await beginStreams();
  await mesh.nats.kill();
  await streams.assertBrokenWithin(1000);
  await mesh.nats.restart({ empty: true });
  await assertBack();
  await assertSettled(upstreamTotal() - before);
});

/** Streams in the middle of an answer when NATS goes: they break off with a word, at once. */
async function beginStreams() {
  const spoken = new Set<string>();
  const streams = (['http-stream', 'grpc-stream'] as const).map((door) =>
    ask(mesh, door, `Slowly: ${freshQuestion()}`, { onText: () => void spoken.add(door) }),
  );
  await eventually(() => spoken.size === streams.length, { what: 'streams that speak' });
  return {
    assertBrokenWithin: async (ms: number) => {
      const began = performance.now();
      for (const { door, error, text } of await Promise.all(streams)) {
        assert.equal(error?.reason, 'BUS_DOWN', door);
        assert.equal(error.code, door === 'grpc-stream' ? 'midstream' : '200');
        assert.notEqual(text, '');
      }
      assert.ok(performance.now() - began < ms, `it took ${performance.now() - began} ms`);
    },
  };
}

/** Questions whose upstream has not said a word when NATS goes: the template answers them at once. */
async function beginSilent() {
  const calls = upstreamTotal();
  const silent = (['http', 'grpc'] as const).map((door) => ask(mesh, door, `Never: ${freshQuestion()}`));
  await eventually(() => upstreamTotal() >= calls + silent.length, { what: 'questions at their upstream' });
  return {
    assertTemplateWithin: async (ms: number) => {
      const began = performance.now();
      for (const { text, degraded } of await Promise.all(silent)) assert.deepEqual([text, degraded], [template, true]);
      assert.ok(performance.now() - began < ms, `it took ${performance.now() - began} ms`);
    },
  };
}

/** Everything asked while NATS was away was answered: hits whole, misses by the template, nothing late. */
function assertAnsweredOn(ended: readonly Ended<Outcome>[], withinMs: number): void {
  assert.ok(ended.length >= 20, `only ${ended.length} asked`);
  const bad = ended.filter(({ ms, value }) => ms > withinMs || value.error !== undefined || !isAllowed(value));
  assert.deepEqual(bad, []);
  assert.ok(ended.some(({ value }) => value.source === 'template'));
}

function isAllowed({ degraded, question, source, text }: Outcome): boolean {
  if (source === 'template') return question !== known && degraded && text === template;
  return !degraded && text === rightAnswer(question);
}

/** Only an answer that was being told when NATS went may have broken off, and no question went upstream twice. */
function assertNothingWrong(ended: readonly Ended<Outcome>[], goneAt: number): void {
  const bad = ended.filter(({ calledAtMs, value }) => {
    if (value.error) return value.error.reason !== 'BUS_DOWN' || calledAtMs > goneAt || value.text === '';
    return !isAllowed(value);
  });
  assert.deepEqual(bad, []);
  assert.deepEqual(
    [...upstreamCounts(mesh)].filter(([, count]) => count > 1),
    [],
  );
}

/** Who would rather have the error has it in time, with the reason and when to come back, at every door. */
async function assertRefusedWithin(ms: number): Promise<void> {
  const began = performance.now();
  const outcomes = await Promise.all(doors.map((door) => ask(mesh, door, freshQuestion(), { noFallback: true })));
  const took = performance.now() - began;
  for (const { door, error } of outcomes) {
    assert.equal(error?.reason, 'BUS_DOWN', door);
    assert.match(error.code, door.startsWith('http') ? /^503$/ : /^unavailable$/);
    assert.ok((error.retryAfterMs ?? 0) > 0, 'it is told when to ask again');
  }
  assert.ok(took < ms, `the refusal took ${took} ms`);
}

/** Misses are asked and NATS callers served, by the same processes as before. */
async function assertBack(): Promise<void> {
  await eventually(async () => (await ask(mesh, 'grpc', freshQuestion())).source === 'provider', {
    what: 'misses to be asked again',
  });
  const question = freshQuestion();
  await eventually(async () => (await askByNats(bus, question)) === rightAnswer(question), {
    what: 'NATS callers to be served',
  });
}

function upstreamTotal(): number {
  return mesh.one.count + mesh.two.count;
}

/** Every call of an upstream is in the books, once; so may be an attempt that was broken off on its way there. */
async function assertSettled(calls: number): Promise<void> {
  const settled = async () => (await usageRecords(bus)).length >= calls;
  await eventually(settled, { what: `${calls} usage records`, timeoutMs: 20_000 });
  const records = await usageRecords(bus);
  const told = records.map(({ attemptId, outcome, provider, requestId }) => [requestId, attemptId, provider, outcome]);
  assert.equal(new Set(records.map(({ attemptId }) => attemptId)).size, records.length, `twice: ${told.join('\n')}`);
  const broken = records.filter(({ outcome }) => outcome !== 'completed').length;
  assert.ok(records.length - calls <= broken, `too many: ${told.join('\n')}`);
}
