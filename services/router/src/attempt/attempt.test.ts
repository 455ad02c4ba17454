import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ControlKind, WorkRequestSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { eventually } from '@refrain/testkit';
import { all } from '../../test/question.ts';
import {
  accepted,
  delta,
  failed,
  final,
  frameOf,
  noResponders,
  type Said,
  scriptedBus,
} from '../../test/scripted-bus.ts';
import { type AttemptBus, AttemptFailure, runAttempt } from './attempt.ts';

const work = create(WorkRequestSchema, { attemptId: 'attempt-1', provider: 'one', model: 'large' });
const run = (bus: AttemptBus, signal = new AbortController().signal) =>
  runAttempt(bus, work, { lane: 'normal', signal });
const failureOf = async (bus: AttemptBus, signal?: AbortSignal): Promise<AttemptFailure> => {
  try {
    await all(run(bus, signal));
  } catch (thrown) {
    assert.ok(thrown instanceof AttemptFailure);
    return thrown;
  }
  throw new assert.AssertionError({ message: 'the attempt succeeded' });
};
const kinds = (controls: readonly { kind: ControlKind }[]) => controls.map(({ kind }) => kind);

test('a whole attempt tells its frames in order and leaves the worker alone', async () => {
  const bus = scriptedBus([accepted(), delta('A'), final()]);
  const events = await all(run(bus));
  assert.deepEqual(
    events.map((event) => event.case),
    ['accepted', 'delta', 'final'],
  );
  assert.equal(bus.asked[0]?.subject, 'refrain.v1.work.one.normal');
  assert.deepEqual(bus.controls, []);
});

const progresses: [name: string, said: Said[], expected: Partial<AttemptFailure['progress']>, reason: string][] = [
  ['nobody takes it', [noResponders()], { accepted: false, spoke: false }, 'NO_RESPONDERS'],
  ['a worker refuses it', [failed('overloaded', 'BUSY')], { accepted: false, spoke: false }, 'BUSY'],
  [
    'the upstream refuses it',
    [accepted('k7'), failed('upstream_denied', 'KEY_REJECTED', { otherKeys: true })],
    { accepted: true, spoke: false, keyId: 'k7', otherKeys: true },
    'KEY_REJECTED',
  ],
  [
    'it breaks off',
    [accepted(), delta('A'), failed('midstream', 'TRUNCATED')],
    { accepted: true, spoke: true },
    'TRUNCATED',
  ],
];
for (const [name, said, expected, reason] of progresses) {
  test(`a failure says how far the attempt had come: ${name}`, async () => {
    const { error, progress } = await failureOf(scriptedBus(said));
    assert.equal(error.reason, reason);
    for (const [key, value] of Object.entries(expected)) assert.equal(Reflect.get(progress, key), value, key);
  });
}

test("a failure carries the wait it names; a code nobody knows is the upstream's nonsense", async () => {
  const { error } = await failureOf(
    scriptedBus([failed('upstream_exhausted', 'RATE_LIMITED', { retryAfterMs: 1500 })]),
  );
  assert.deepEqual([error.code, error.retryAfterMs], ['upstream_exhausted', 1500]);
  const unknown = scriptedBus([{ case: 'failure', value: { code: 'from_the_future', reason: 'NEW' } }]);
  assert.equal((await failureOf(unknown)).error.code, 'upstream');
});

test('frames are taken in their order: a gap, a repeat and a wrong start end the attempt', async () => {
  const frame = (seq: number) => frameOf({ attemptId: 'attempt-1', seq, body: delta('A') });
  for (const said of [[frame(1)], [accepted(), frame(2)], [accepted(), frame(0)]]) {
    const bus = scriptedBus(said);
    assert.equal((await failureOf(bus)).error.reason, 'FRAMES_LOST');
  }
});

test('a frame of a kind that is not known yet is counted and passed over', async () => {
  const newer = frameOf({ attemptId: 'attempt-1', seq: 1 });
  const last = frameOf({ attemptId: 'attempt-1', seq: 2, body: final() });
  const events = await all(run(scriptedBus([accepted(), newer, last])));
  assert.deepEqual(
    events.map((event) => event.case),
    ['accepted', 'final'],
  );
});

test('a reader that stops early cancels the worker', async () => {
  const bus = scriptedBus([accepted('k1', 'control.here'), delta('A'), delta('B'), final()]);
  for await (const event of run(bus)) if (event.case === 'delta') break;
  assert.deepEqual(bus.controls, [{ subject: 'control.here', kind: ControlKind.CANCEL, attemptId: 'attempt-1' }]);
});

test('an abort cancels the worker and is the reason', async () => {
  const abort = new AbortController();
  const bus = scriptedBus([accepted(), delta('A')]);
  setImmediate(() => abort.abort());
  const { error, progress } = await failureOf(bus, abort.signal);
  assert.deepEqual([error.code, progress.spoke], ['canceled', true]);
  assert.deepEqual(kinds(bus.controls), [ControlKind.CANCEL]);
});

test('a request that still waits in a queue is cancelled at every worker of its provider', async () => {
  const abort = new AbortController();
  const bus = scriptedBus([]);
  setImmediate(() => abort.abort());
  assert.equal((await failureOf(bus, abort.signal)).error.code, 'canceled');
  const cancel = { subject: 'refrain.v1.control.one', kind: ControlKind.CANCEL, attemptId: 'attempt-1' };
  assert.deepEqual(bus.controls, [cancel]);
});

test('where nobody took it nobody is told to stop', async () => {
  for (const said of [[noResponders()], [failed('overloaded', 'BUSY')]]) {
    const bus = scriptedBus(said);
    await failureOf(bus);
    assert.deepEqual(bus.controls, []);
  }
});

test('interest is renewed every two seconds, from accepted to the end', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { promise, resolve } = Promise.withResolvers();
  const bus = scriptedBus([accepted('k1', 'control.here'), promise, delta('A'), final()]);
  const events = run(bus);
  t.mock.timers.tick(10_000);
  assert.deepEqual(bus.controls, []);
  await events.next();
  t.mock.timers.tick(1999);
  assert.deepEqual(bus.controls, []);
  t.mock.timers.tick(4001);
  const renewal = { subject: 'control.here', kind: ControlKind.RENEW, attemptId: 'attempt-1' };
  assert.deepEqual(bus.controls, [renewal, renewal, renewal]);
  resolve(undefined);
  await all(events);
  t.mock.timers.tick(10_000);
  assert.equal(bus.controls.length, 3);
});

test('a bus that is away while interest is told changes nothing', async () => {
  const bus = {
    ...scriptedBus([accepted(), delta('A'), delta('B')]),
    publish: () => {
      throw new RefrainError('unavailable', 'NATS is not reachable.', { reason: 'BUS_DOWN' });
    },
  };
  for await (const event of run(bus)) if (event.case === 'delta') break;
});

const silent = () => new RefrainError('unavailable', 'The worker fell silent.', { reason: 'WORKER_SILENT' });
const queued = { case: 'queued' as const, value: { controlSubject: 'control.worker-7' } };

test('a worker that does not say at once that it has the request counts as gone; one that is slow later as silent', async () => {
  assert.equal((await failureOf(scriptedBus([silent()]))).error.reason, 'WORKER_GONE');
  assert.equal((await failureOf(scriptedBus([accepted(), silent()]))).error.reason, 'WORKER_SILENT');
});

test('a worker that nobody finds where the interest is renewed is gone', async () => {
  const { error, progress } = await failureOf(scriptedBus([accepted(), noResponders()]));
  assert.deepEqual([error.reason, progress.accepted], ['WORKER_GONE', true]);
});

test('a request that waits in a queue is waited for, and is cancelled where it waits', async () => {
  const bus = scriptedBus([queued, new Promise(() => undefined)]);
  const abort = new AbortController();
  const failing = failureOf(bus, abort.signal);
  await eventually(() => (bus.asked[0]?.patience() ?? 0) > 2000, { what: 'the queue to be known' });
  abort.abort();
  assert.deepEqual([(await failing).error.code, (await failing).progress.accepted], ['canceled', false]);
  assert.deepEqual(
    bus.controls.map(({ kind, subject }) => [kind, subject]),
    [[ControlKind.CANCEL, 'control.worker-7']],
  );
});

test('a worker has two seconds to say that it has the request, and later misses no more than three renewals', async () => {
  const bus = scriptedBus([accepted(), silent()]);
  const before: number[] = [];
  const watched: AttemptBus = {
    ...bus,
    stream: (subject, data, options) => {
      before.push(typeof options.idleMs === 'function' ? options.idleMs() : options.idleMs);
      return bus.stream(subject, data, options);
    },
  };
  await failureOf(watched);
  assert.deepEqual([before, bus.asked[0]?.patience()], [[2000], 6500]);
});

test('a piece without anything to see is not told, and does not count as the first', async () => {
  const bus = scriptedBus([accepted(), delta(''), delta('A'), delta(''), final()]);
  const events = await all(run(bus));
  assert.deepEqual(
    events.map((event) => event.case),
    ['accepted', 'delta', 'final'],
  );
  const failure = await failureOf(scriptedBus([accepted(), delta(''), failed('unavailable', 'UPSTREAM_FAILED')]));
  assert.deepEqual([failure.progress.spoke, failure.error.reason], [false, 'UPSTREAM_FAILED']);
});
