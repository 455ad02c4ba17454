/** Workers are killed and stopped while they answer. Provider `one` and provider `two` have a worker process each. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type Ended, eventually, type ServiceProcess } from '@refrain/testkit';
import { startMesh, type TestMesh } from '../start-mesh.ts';
import { ask } from './ask.ts';
import { type Door, doors, type Outcome } from './outcome.ts';
import {
  answerRightly,
  freshQuestion,
  more,
  questionIn,
  rightAnswer,
  sameMeaningOnly,
  since,
  startAsking,
  wrongOnes,
} from './steady.ts';

/** An upstream may take as long as in a real mesh: what is quick here is not quick because the providers are impatient. */
const patienceMs = 30_000;
const noticedWithinMs = 5000;
let mesh: TestMesh;
let workerOne: ServiceProcess;
let workerTwo: ServiceProcess;
before(async () => {
  mesh = await startMesh({ extra: sameMeaningOnly, patienceMs });
  await mesh.workers.stop();
  answerRightly(mesh);
  // Of the two, only `one` dawdles: who takes over answers at once.
  mesh.one.otherwise((call) => {
    const question = questionIn(call);
    const text = rightAnswer(question);
    if (question.startsWith('Never:')) return { hang: 'headers' };
    return question.startsWith('Slowly:') ? { text, chunks: 20, paceMs: 50 } : { text };
  });
  workerTwo = await mesh.start('provider', { REFRAIN_PROVIDERS: 'two' });
});
after(() => mesh.stop());

describe('a worker that is killed', () => {
  beforeEach(async () => {
    workerOne = await mesh.start('provider', { REFRAIN_PROVIDERS: 'one' });
    await eventually(async () => (await ask(mesh, 'grpc', freshQuestion())).provider === 'one', {
      what: 'provider one',
    });
  });

  test('before the first token: another provider answers within 5 s, at every door', async () => {
    const calls = mesh.one.count;
    const asked = timed(doors.map((door) => [door, `Never: ${freshQuestion()}`]));
    await eventually(() => mesh.one.count === calls + doors.length, { what: 'questions at their upstream' });
    // That it has taken them a worker may say with its next message: this answer comes after it.
    assert.equal((await ask(mesh, 'grpc', freshQuestion())).provider, 'one');
    const killedAt = performance.now();
    await workerOne.kill();
    for (const { endedAtMs, outcome } of await Promise.all(asked)) {
      assert.deepEqual(
        [outcome.error, outcome.text, outcome.provider, outcome.degraded, outcome.attempts],
        [undefined, rightAnswer(outcome.question), 'two', false, 2],
      );
      assertSoon(endedAtMs - killedAt, outcome);
    }
  });

  test('after the first token: the answer breaks off with an error within 5 s, at every door, and is not kept', async () => {
    const heard = new Set<string>();
    const asked = timed(
      doors.map((door) => [door, `Slowly: ${freshQuestion()}`]),
      (text) => void heard.add(text),
    );
    await eventually(() => heard.size >= 4, { what: 'answers under way' });
    const killedAt = performance.now();
    await workerOne.kill();
    const all = await Promise.all(asked);
    for (const { endedAtMs, outcome } of all) {
      const { door, error, text } = outcome;
      const expected = { http: '502', 'http-stream': '200', grpc: 'midstream', 'grpc-stream': 'midstream' }[door];
      assert.equal(error?.code, expected, door);
      if (door.endsWith('stream')) assert.ok(text !== '' && rightAnswer(outcome.question).startsWith(text), door);
      assertSoon(endedAtMs - killedAt, outcome);
    }
    for (const { outcome } of all) {
      const again = await ask(mesh, 'grpc', outcome.question);
      assert.deepEqual([again.source, again.text], ['provider', rightAnswer(outcome.question)]);
    }
  });

  test('is not asked any more from that moment on, and again when it is back', async () => {
    await workerOne.kill();
    const asking = startAsking(mesh, freshQuestion());
    await more(asking, 20);
    assert.deepEqual(wrongOnes(await asking.stop()), []);
    assertQuick(asking.ended);
    assert.ok(asking.ended.every(({ value }) => value.source === 'exact' || value.provider === 'two'));
  });
});

test('a worker that is frozen while it thinks: another provider answers within 10 s, at every door', async () => {
  const frozen = await mesh.start('provider', { REFRAIN_PROVIDERS: 'one' });
  await eventually(async () => (await ask(mesh, 'grpc', freshQuestion())).provider === 'one', { what: 'provider one' });
  const calls = mesh.one.count;
  const asked = timed(doors.map((door) => [door, `Never: ${freshQuestion()}`]));
  await eventually(() => mesh.one.count === calls + doors.length, { what: 'questions at their upstream' });
  const frozenAt = performance.now();
  frozen.freeze();
  for (const { endedAtMs, outcome } of await Promise.all(asked)) {
    assert.deepEqual([outcome.error, outcome.provider], [undefined, 'two'], outcome.door);
    assert.ok(endedAtMs - frozenAt < 10_000, `${outcome.door}: ${endedAtMs - frozenAt} ms`);
  }
  frozen.thaw();
  await frozen.kill();
});

test('without any worker a template answers within 500 ms, and UNAVAILABLE who would rather have that', async (t) => {
  await workerTwo.stop();
  t.after(async () => {
    workerTwo = await mesh.start('provider', { REFRAIN_PROVIDERS: 'two' });
  });
  for (const door of doors) {
    const began = performance.now();
    const { degraded, source } = await ask(mesh, door, freshQuestion());
    assert.ok(performance.now() - began < 500, door);
    assert.deepEqual([source, degraded], ['template', true]);
    const { error } = await ask(mesh, door, freshQuestion(), { noFallback: true });
    assert.deepEqual([error?.code, error?.reason], [door.startsWith('http') ? '503' : 'unavailable', 'NO_RESPONDERS']);
  }
});

test('a worker that is stopped finishes what it has begun, takes nothing new and exits cleanly', async () => {
  workerOne = await mesh.start('provider', { REFRAIN_PROVIDERS: 'one' });
  await eventually(async () => (await ask(mesh, 'grpc', freshQuestion())).provider === 'one', { what: 'provider one' });
  const heard = new Set<string>();
  const asked = timed(
    doors.map((door) => [door, `Slowly: ${freshQuestion()}`]),
    (text) => void heard.add(text),
  );
  await eventually(() => heard.size >= 4, { what: 'answers under way' });
  const asking = startAsking(mesh, freshQuestion());
  await more(asking, 4);
  const stoppedAt = performance.now();
  const code = workerOne.stop();
  await more(asking, 20);
  for (const { outcome } of await Promise.all(asked)) {
    assert.deepEqual(
      [outcome.error, outcome.text, outcome.provider],
      [undefined, rightAnswer(outcome.question), 'one'],
    );
  }
  assert.equal(await code, 0);
  await more(asking, 4);
  assert.deepEqual(wrongOnes(await asking.stop()), []);
  assertQuick(since(asking.ended, stoppedAt));
});

test('of two workers of a provider one may be stopped at any time: no request fails', async () => {
  const first = await mesh.start('provider', { REFRAIN_PROVIDERS: 'one' });
  const asking = startAsking(mesh, freshQuestion());
  await more(asking, 10);
  const second = await mesh.start('provider', { REFRAIN_PROVIDERS: 'one' });
  await more(asking, 10);
  const stoppedAt = performance.now();
  assert.equal(await first.stop(), 0);
  await more(asking, 20);
  assert.deepEqual(wrongOnes(await asking.stop()), []);
  assert.ok(
    since(asking.ended, stoppedAt).some(({ value }) => value.provider === 'one' && value.source === 'provider'),
  );
  await second.stop();
});

/** Asks all at once; each outcome with the moment it came. */
function timed(questions: readonly [Door, string][], onText: (text: string) => void = () => undefined) {
  return questions.map(async ([door, question]) => {
    const outcome = await ask(mesh, door, question, { onText });
    return { outcome, endedAtMs: performance.now() };
  });
}

function assertSoon(ms: number, { door }: Outcome): void {
  assert.ok(ms < noticedWithinMs, `${door}: ${Math.round(ms)} ms after the kill`);
}

function assertQuick(ended: readonly Ended<Outcome>[]): void {
  const slow = ended.filter(({ ms }) => ms > 1000);
  assert.deepEqual(slow, []);
}
