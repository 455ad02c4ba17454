import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControlKind } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { eventually } from '@refrain/testkit';
import { newHealth } from '../../test/health.ts';
import { type QuestionInit, questionOf, settingsOf } from '../../test/question.ts';
import {
  accepted,
  answering,
  delta,
  failed,
  final,
  noResponders,
  type Said,
  type ScriptedBus,
  scriptedBus,
  used,
} from '../../test/scripted-bus.ts';
import type { FlightAttempt } from '../flights/flight-records.ts';
import { dispatch } from './dispatch.ts';
import { route } from './route.ts';

const hedging = (more = '') => settingsOf(`limits: { hedge: { afterMs: 1 }${more} }\n`);
const never = new Promise<never>(() => undefined);
/** Goes upstream and says nothing. */
const silent = (keyId = 'k1', control = 'control.slow'): readonly Said[] => [accepted(keyId, control), never];

/** Asks, and tells what became of it. */
async function ask(bus: ScriptedBus, init: QuestionInit = {}, rig = newHealth()) {
  const question = questionOf('What is a monad?', { settings: hedging(), ...init });
  const announced: FlightAttempt[] = [];
  const parts = {
    bus,
    health: rig.health,
    lease: { announce: (attempt: FlightAttempt) => void announced.push(attempt) },
  };
  const signal = init.signal ?? new AbortController().signal;
  try {
    const events = await Array.fromAsync(dispatch(route(question), question, signal, parts));
    const last = events.at(-1);
    return {
      answer: last?.kind === 'completed' ? last.answer : undefined,
      kinds: events.map(({ kind }) => kind),
      announced,
    };
  } catch (thrown) {
    return { error: thrown as RefrainError, announced };
  }
}
const askedOf = (bus: ScriptedBus) => bus.asked.map(({ work }) => `${work.provider}/${work.model}`);
const canceledOf = (bus: ScriptedBus) =>
  bus.controls
    .filter(({ kind }) => kind === ControlKind.CANCEL)
    .map(({ attemptId }) => bus.asked.find(({ work }) => work.attemptId === attemptId)?.work.provider);
/** A promise and what keeps it. */
const gate = () => Promise.withResolvers<void>();

test('a slow first and a quick second: the second answers, is named, and the first is called off', async () => {
  const bus = scriptedBus(silent(), answering('Hi.', 'k2'));
  const rig = newHealth();
  const { answer, announced, kinds } = await ask(bus, {}, rig);
  assert.deepEqual(kinds, ['started', 'delta', 'completed']);
  const { attempts, degraded, provider, reason } = answer?.provenance ?? {};
  assert.deepEqual([answer?.text, provider, reason, attempts, degraded], ['Hi.', 'two', 'hedge:slow', 2, false]);
  assert.deepEqual([askedOf(bus), canceledOf(bus)], [['one/large', 'two/large'], ['one']]);
  assert.deepEqual(rig.lines, ['hedged two started', 'hedged two won']);
  assert.deepEqual(
    announced.map((attempt) => attempt.provider),
    ['two'],
    'others never listen to the one that is called off',
  );
});

test('both slow: the first to speak answers, be it the first that was asked, and the other is called off', async () => {
  const spoken = gate();
  const bus = scriptedBus([accepted('k1'), spoken.promise, delta('Hi.'), final()], () => {
    spoken.resolve();
    return silent('k2');
  });
  const rig = newHealth();
  const { answer, announced } = await ask(bus, {}, rig);
  const { attempts, provider, reason } = answer?.provenance ?? {};
  assert.deepEqual([provider, reason, attempts], ['one', 'route:text/simple', 2]);
  assert.deepEqual([canceledOf(bus), rig.lines], [['two'], ['hedged two started']]);
  assert.deepEqual(
    announced.map((attempt) => attempt.provider),
    ['one'],
  );
});

test('a first that fails while the second runs leaves it to the second, and is not asked again meanwhile', async () => {
  const begun = gate();
  const broken = [accepted('k1'), begun.promise, failed('upstream_exhausted', 'RATE_LIMITED', { otherKeys: true })];
  const spoken = gate();
  const bus = scriptedBus(broken, () => {
    begun.resolve();
    setImmediate(spoken.resolve);
    return [accepted('k2'), spoken.promise, delta('Hi.'), final()];
  });
  const { answer } = await ask(bus);
  assert.deepEqual([answer?.text, answer?.provenance?.provider], ['Hi.', 'two']);
  assert.deepEqual([askedOf(bus), canceledOf(bus)], [['one/large', 'two/large'], []]);
});

test('a second that cannot be asked leaves it to the first', async () => {
  const spoken = gate();
  const bus = scriptedBus([accepted('k1'), spoken.promise, delta('Hi.'), final()], () => {
    setImmediate(spoken.resolve);
    return [noResponders()];
  });
  const { answer } = await ask(bus);
  assert.deepEqual([answer?.provenance?.provider, answer?.provenance?.attempts], ['one', 1]);
});

test('when both fail the next of all is asked: nobody twice', async () => {
  const begun = gate();
  const bus = scriptedBus(
    [accepted('k1'), begun.promise, failed('upstream', 'MALFORMED')],
    () => {
      begun.resolve();
      return [accepted('k2'), failed('upstream', 'MALFORMED')];
    },
    answering('Hi.'),
  );
  const { answer } = await ask(bus);
  assert.deepEqual([askedOf(bus), answer?.provenance?.provider], [['one/large', 'two/large', 'local/small'], 'local']);
});

test('what the caller could mend ends both', async () => {
  const begun = gate();
  const bus = scriptedBus([accepted('k1'), begun.promise, failed('content_filter', 'REFUSED')], () => {
    begun.resolve();
    return silent('k2');
  });
  const { error } = await ask(bus);
  assert.deepEqual([error?.code, canceledOf(bus)], ['content_filter', ['two']]);
});

test('an answer that breaks off after its first piece is midstream: the one that was called off cannot go on with it', async () => {
  const bus = scriptedBus(silent(), [accepted('k2'), delta('A mon'), failed('unavailable', 'UPSTREAM_FAILED')]);
  const { error } = await ask(bus);
  assert.deepEqual([error?.code, error?.reason, askedOf(bus).length], ['midstream', 'UPSTREAM_FAILED', 2]);
});

test('when the caller leaves both are called off', async () => {
  const leaving = new AbortController();
  const bus = scriptedBus(silent(), () => {
    setImmediate(() => leaving.abort());
    return silent('k2');
  });
  const { error } = await ask(bus, { signal: leaving.signal });
  assert.deepEqual([error?.code, canceledOf(bus).sort()], ['canceled', ['one', 'two']]);
});

/** The first speaks when a second would have been asked long since. */
async function askedAlone(init: QuestionInit, rig = newHealth(), isDecided?: () => boolean) {
  const spoken = gate();
  const bus = scriptedBus([accepted('k1'), spoken.promise, delta('Hi.'), final()], answering('Never.', 'k2'));
  const asking = ask(bus, init, rig);
  if (isDecided) await eventually(isDecided);
  // One that was asked later, and waits as long, has got its second.
  else await ask(scriptedBus(silent(), answering('Hi.', 'k2')));
  spoken.resolve();
  assert.equal((await asking).answer?.provenance?.provider, 'one');
  return askedOf(bus);
}

test('off, as it is by default, one call is made however slow it is', async () => {
  assert.deepEqual(await askedAlone({ settings: settingsOf() }), ['one/large']);
});

test('with tools, and in the low lane, one call is made', async () => {
  const tools = [{ name: 'send_mail', description: '', parametersJson: '{}' }];
  assert.deepEqual(await askedAlone({ chat: { tools } }), ['one/large']);
  assert.deepEqual(await askedAlone({ caller: { tier: 'free' } }), ['one/large']);
});

test('where the budget of retries is used up nobody is asked beside the first, and that is counted', async () => {
  const settings = hedging(', retries: { share: 0, minimum: 0 }');
  const rig = newHealth();
  assert.deepEqual(await askedAlone({ settings }, rig, () => rig.lines.includes('spared two hedge')), ['one/large']);
});

test('the last attempt of a request gets no company', async () => {
  assert.deepEqual(await askedAlone({ settings: hedging(', attempts: 1') }), ['one/large']);
  const bus = scriptedBus(silent(), answering('Hi.', 'k2'));
  const two = await ask(bus, { settings: hedging(', attempts: 2') });
  assert.equal(two.answer?.provenance?.provider, 'two');
});

test('a model whose breaker is open is not asked beside the first; a local stand-in neither', async () => {
  const rig = newHealth();
  const limits = settingsOf().mesh.limits;
  for (let i = 0; i < 5; i += 1) {
    const permit = await rig.health.admit('two', 'large', limits);
    assert.ok(!(permit instanceof RefrainError));
    permit.end('failed');
  }
  assert.deepEqual(await askedAlone({}, rig), ['one/large']);
});

test('by p95: a model that nothing is known of waits alone, one that is slower than nineteen of twenty calls does not', async () => {
  const rig = newHealth();
  const settings = settingsOf('limits: { hedge: { afterMs: p95 } }\n');
  assert.deepEqual(await askedAlone({ settings }, rig), ['one/large']);
  for (let i = 0; i < 20; i += 1) await ask(scriptedBus(answering('Hi.')), { settings }, rig);
  const before = rig.health.p95Ms('one', 'large');
  const bus = scriptedBus(silent(), answering('Hi.', 'k2'));
  const { answer } = await ask(bus, { settings }, rig);
  assert.deepEqual([answer?.provenance?.provider, before !== undefined], ['two', true]);
});

test('being called off opens no breaker, however often, but it is remembered that it was slow', async () => {
  const rig = newHealth();
  // A timer of a millisecond may end a little early by another clock; one of five ends after the first.
  const settings = settingsOf('limits: { hedge: { afterMs: 5 } }\n');
  for (let i = 0; i < 9; i += 1) await ask(scriptedBus(silent(), answering('Hi.', 'k2')), { settings }, rig);
  assert.equal(rig.health.isOpen('one', 'large'), false);
  assert.ok((rig.health.p50Ms('one', 'large') ?? 0) >= 1);
});

test('what the slower one has told of its cost is paid with the answer', async () => {
  const bus = scriptedBus([accepted('k1'), used(10, 0), never], answering('Hi.', 'k2'));
  const { answer } = await ask(bus);
  assert.equal(answer?.cost?.nanoUsd, 10_000n + 2000n);
});
