import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControlKind, type Provenance, Source } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { manualClock } from '@refrain/testkit';
import { newHealth } from '../../test/health.ts';
import { type QuestionInit, questionOf, settingsOf } from '../../test/question.ts';
import {
  accepted,
  answering,
  delta,
  failed,
  failing,
  final,
  frameOf,
  noResponders,
  type ScriptedBus,
  scriptedBus,
  used,
} from '../../test/scripted-bus.ts';
import type { FlightEvent } from './coalesce.ts';
import { dispatch } from './dispatch.ts';
import { route } from './route.ts';

interface Outcome {
  readonly events: readonly FlightEvent[];
  readonly text: string;
  readonly provenance: Provenance | undefined;
  readonly nanoUsd: bigint | undefined;
  readonly priceMissing: boolean | undefined;
  readonly error: RefrainError | undefined;
}

/** Dispatches a question and reads it to its end. */
async function outcomeOf(
  bus: ScriptedBus,
  init: QuestionInit = {},
  signal = new AbortController().signal,
  health = newHealth().health,
): Promise<Outcome> {
  const question = questionOf('What is a monad?', init);
  const events: FlightEvent[] = [];
  let error: RefrainError | undefined;
  try {
    for await (const event of dispatch(route(question), question, signal, { bus, health })) events.push(event);
  } catch (thrown) {
    error = thrown as RefrainError;
  }
  const answer = events.flatMap((event) => (event.kind === 'completed' ? [event.answer] : []))[0];
  const { nanoUsd, priceMissing } = answer?.cost ?? {};
  return { events, text: answer?.text ?? '', provenance: answer?.provenance, nanoUsd, priceMissing, error };
}
const askedOf = (bus: ScriptedBus) => bus.asked.map(({ work }) => `${work.provider}/${work.model}`);
const excludedOf = (bus: ScriptedBus) => bus.asked.map(({ work }) => work.excludedKeyIds);
const exhausted = (keyId: string, otherKeys: boolean) => [
  accepted(keyId),
  failed('upstream_exhausted', 'RATE_LIMITED', { otherKeys }),
];

test('the first route answers: who, then the pieces, then the whole with its cost and one attempt', async () => {
  const bus = scriptedBus([accepted(), delta('A mon'), delta('oid.'), final(10, 5)]);
  const { events, nanoUsd, provenance, text } = await outcomeOf(bus);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['started', 'delta', 'delta', 'completed'],
  );
  assert.equal(text, 'A monoid.');
  assert.equal(nanoUsd, 20_000n);
  assert.deepEqual(
    [provenance?.source, provenance?.provider, provenance?.model, provenance?.attempts, provenance?.degraded],
    [Source.PROVIDER, 'one', 'large', 1, false],
  );
  assert.equal(provenance?.reason, 'route:text/simple');
});

test('work goes to the lane of the tier with the time that is left', async () => {
  const bus = scriptedBus(answering('Hi.'));
  await outcomeOf(bus, { caller: { tier: 'free' }, remainingMs: 5000 });
  assert.equal(bus.asked[0]?.subject, 'refrain.v1.work.one.low');
  const { remainingMs = 0, tenant, user } = bus.asked[0]?.work ?? {};
  assert.ok(remainingMs > 4000 && remainingMs <= 5000, `${remainingMs} ms`);
  assert.deepEqual([tenant, user], ['acme', 'ann']);
});

test('a provider that is exhausted is followed by the next', async () => {
  const bus = scriptedBus(exhausted('k1', false), answering('Hi.'));
  const { provenance, events } = await outcomeOf(bus);
  assert.deepEqual(askedOf(bus), ['one/large', 'two/large']);
  assert.deepEqual([provenance?.provider, provenance?.attempts], ['two', 2]);
  assert.equal(events[0]?.kind === 'started' && events[0].provenance.provider, 'two');
});

test('another key of the same provider is tried first, without the keys that failed', async () => {
  const bus = scriptedBus(exhausted('k1', true), exhausted('k2', true), answering('Hi.', 'k3'));
  const { provenance } = await outcomeOf(bus);
  assert.deepEqual(askedOf(bus), ['one/large', 'one/large', 'one/large']);
  assert.deepEqual(excludedOf(bus), [[], ['k1'], ['k1', 'k2']]);
  assert.equal(provenance?.attempts, 3);
});

test('a provider gets at most three keys of one request', async () => {
  const bus = scriptedBus(exhausted('k1', true), exhausted('k2', true), exhausted('k3', true), answering('Hi.'));
  const { provenance } = await outcomeOf(bus);
  assert.deepEqual(askedOf(bus), ['one/large', 'one/large', 'one/large', 'two/large']);
  assert.equal(provenance?.attempts, 4);
});

test('a request goes upstream at most four times, over keys, retries and routes together', async () => {
  const bus = scriptedBus(
    exhausted('k1', true),
    exhausted('k2', true),
    exhausted('k3', true),
    exhausted('k4', true),
    answering('Too late.'),
  );
  const { error } = await outcomeOf(bus);
  assert.equal(bus.asked.length, 4);
  assert.deepEqual([error?.code, error?.reason], ['upstream_exhausted', 'RATE_LIMITED']);
});

for (const reason of ['CONNECTION_FAILED', 'UPSTREAM_FAILED']) {
  test(`after ${reason} the same model is asked once more, and no third time`, async () => {
    const once = scriptedBus(failing('unavailable', reason), answering('Hi.'));
    assert.equal((await outcomeOf(once)).provenance?.provider, 'one');
    assert.deepEqual(excludedOf(once), [[], []]);
    const twice = scriptedBus(failing('unavailable', reason), failing('unavailable', reason), answering('Hi.'));
    assert.equal((await outcomeOf(twice)).provenance?.provider, 'two');
  });
}

test('the retry after a broken connection stays with the key: it was not its fault', async () => {
  const broken = failing('unavailable', 'CONNECTION_FAILED');
  const bus = scriptedBus(broken, answering('Hi.'));
  await outcomeOf(bus);
  assert.deepEqual(excludedOf(bus), [[], []]);
  assert.deepEqual(
    bus.asked.map(({ work }) => work.preferredKeyId),
    ['', 'k1'],
  );
});

for (const [code, reason] of [
  ['unavailable', 'UPSTREAM_SILENT'],
  ['overloaded', 'UPSTREAM_OVERLOADED'],
  ['upstream', 'MALFORMED'],
  ['unavailable', 'MODEL_MISSING'],
] as const) {
  test(`${reason} is the provider's fault, not the key's: no other key of it is tried`, async () => {
    const bus = scriptedBus(failing(code, reason, { otherKeys: true }), answering('Hi.'));
    assert.equal((await outcomeOf(bus)).provenance?.provider, 'two');
    assert.deepEqual(askedOf(bus), ['one/large', 'two/large']);
  });
}

test('a provider without workers is passed over at once and costs no attempt', async () => {
  const bus = scriptedBus([noResponders()], answering('Hi.'));
  assert.equal((await outcomeOf(bus)).provenance?.attempts, 1);
});

test('a worker that refuses before it goes upstream costs no attempt', async () => {
  const busy = [failed('overloaded', 'BUSY', { otherKeys: true })];
  const bus = scriptedBus(busy, answering('Hi.'));
  const { provenance } = await outcomeOf(bus);
  assert.deepEqual([provenance?.provider, provenance?.attempts], ['two', 1]);
});

test('what a provider cannot do another may; if nobody can, the caller hears what', async () => {
  const cannot = [failed('unsupported', 'UNSUPPORTED_BY_PROVIDER')];
  assert.equal((await outcomeOf(scriptedBus(cannot, answering('Hi.')))).provenance?.provider, 'two');
  const { error } = await outcomeOf(scriptedBus(cannot, cannot, cannot));
  assert.deepEqual([error?.code, error?.reason], ['unsupported', 'UNSUPPORTED_BY_PROVIDER']);
});

for (const code of ['invalid', 'content_filter'] as const) {
  test(`${code} is the caller's own: nobody else is asked`, async () => {
    const bus = scriptedBus(failing(code, 'REFUSED'), answering('Hi.'));
    assert.equal((await outcomeOf(bus)).error?.code, code);
    assert.equal(bus.asked.length, 1);
  });
}

for (const code of ['unavailable', 'midstream'] as const) {
  test(`an answer that breaks off after its first piece, ${code} to the worker, is midstream: nobody else goes on with it`, async () => {
    const broken = [accepted(), delta('A mon'), used(10, 2), failed(code, 'UPSTREAM_FAILED')];
    const bus = scriptedBus(broken, answering('Hi.'));
    const { events, error } = await outcomeOf(bus);
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['started', 'delta'],
    );
    assert.deepEqual([error?.code, error?.reason], ['midstream', 'UPSTREAM_FAILED']);
    const { promptTokens, completionTokens, nanoUsd } = error?.spent ?? {};
    assert.deepEqual([promptTokens, completionTokens, nanoUsd], [10, 2, 14_000n]);
    assert.equal(bus.asked.length, 1);
  });
}

test('the deadline after the first piece is still the deadline, not midstream', async () => {
  const { error } = await outcomeOf(scriptedBus([accepted(), delta('A mon'), failed('deadline', 'DEADLINE')]));
  assert.equal(error?.code, 'deadline');
});

test('frames of another attempt are not heard', async () => {
  const stranger = frameOf({ attemptId: 'of-an-older-attempt', seq: 0, body: delta('Lies.') });
  const { text } = await outcomeOf(scriptedBus([stranger, accepted(), stranger, delta('Truth.'), final()]));
  assert.equal(text, 'Truth.');
});

test('a gap before the first piece sends the request on, a gap after it is midstream', async () => {
  const gap = (attemptId: string, seq: number) => frameOf({ attemptId, seq, body: delta('…') });
  const early = scriptedBus(({ attemptId }) => [accepted(), gap(attemptId, 2)], answering('Hi.'));
  const { provenance } = await outcomeOf(early);
  assert.deepEqual([provenance?.provider, provenance?.attempts], ['two', 2]);
  assert.equal(early.controls[0]?.kind, ControlKind.CANCEL);
  const late = scriptedBus(({ attemptId }) => [accepted(), delta('A'), gap(attemptId, 3)]);
  const { error } = await outcomeOf(late);
  assert.deepEqual([error?.code, error?.reason, error?.spent], ['midstream', 'FRAMES_LOST', undefined]);
});

test('every attempt has an id of its own under one request id', async () => {
  const bus = scriptedBus(exhausted('k1', true), answering('Hi.'));
  await outcomeOf(bus);
  const works = bus.asked.map(({ work }) => work);
  assert.equal(new Set(works.map(({ attemptId }) => attemptId)).size, 2);
  assert.equal(new Set(works.map(({ requestId }) => requestId)).size, 1);
});

test('when nobody listens any more the worker hears cancel and nobody else is asked', async () => {
  const leaving = new AbortController();
  const bus = scriptedBus(() => {
    setImmediate(() => leaving.abort());
    return [accepted('k1', 'control.here')];
  }, answering('Hi.'));
  const { error } = await outcomeOf(bus, {}, leaving.signal);
  assert.equal(error?.code, 'canceled');
  const attemptId = bus.asked[0]?.work.attemptId;
  assert.deepEqual(bus.controls, [{ subject: 'control.here', kind: ControlKind.CANCEL, attemptId }]);
  assert.equal(bus.asked.length, 1);
});

test('what a failed attempt has used is paid with the answer, each at its own price', async () => {
  const bus = scriptedBus([accepted(), used(10, 0), failed('upstream', 'MALFORMED')], answering('Hi.'));
  // 10 tokens of one at 1,000 nano-dollars, then 10 + 5 of two at a tenth.
  assert.equal((await outcomeOf(bus)).nanoUsd, 10_000n + 2000n);
});

test('a model without a price makes the cost a lower bound that says so', async () => {
  const { nanoUsd, priceMissing } = await outcomeOf(scriptedBus(answering('Hi.')), { chat: { model: 'unpriced/m' } });
  assert.deepEqual([nanoUsd, priceMissing], [0n, true]);
  assert.equal((await outcomeOf(scriptedBus(answering('Hi.')))).priceMissing, false);
});

test('when every route failed a local model answers, degraded; not for a model that was named', async () => {
  const bus = scriptedBus([noResponders()], [noResponders()], answering('Hi.'));
  const { provenance } = await outcomeOf(bus);
  assert.deepEqual([provenance?.provider, provenance?.degraded, provenance?.reason], ['local', true, 'fallback:local']);
  const named = scriptedBus([noResponders()], answering('Hi.'));
  assert.equal((await outcomeOf(named, { chat: { model: 'one/large' } })).error?.reason, 'NO_RESPONDERS');
});

test('when nobody answered the caller hears what an upstream said and the shortest wait of all', async () => {
  const bus = scriptedBus(
    failing('upstream_exhausted', 'RATE_LIMITED', { retryAfterMs: 9000 }),
    [failed('overloaded', 'BUSY', { retryAfterMs: 2000 })],
    [noResponders()],
  );
  const { error } = await outcomeOf(bus);
  assert.deepEqual([error?.code, error?.reason, error?.retryAfterMs], ['upstream_exhausted', 'RATE_LIMITED', 2000]);
});

test('a request that a worker died with goes once more to the same provider, which may have another worker', async () => {
  const silent = [new RefrainError('unavailable', 'The worker fell silent.', { reason: 'WORKER_SILENT' })];
  const taken = scriptedBus(silent, answering('Hi.'));
  assert.equal((await outcomeOf(taken)).text, 'Hi.');
  assert.deepEqual(askedOf(taken), ['one/large', 'one/large']);
  const gone = scriptedBus(silent, silent, answering('Hi.'));
  assert.equal((await outcomeOf(gone)).provenance?.provider, 'two');
});

test('after a retry no key that was asked is asked again, however the retry ends', async () => {
  const bus = scriptedBus(
    failing('unavailable', 'UPSTREAM_FAILED'),
    [accepted('k2'), failed('upstream_exhausted', 'RATE_LIMITED', { otherKeys: true })],
    answering('Hi.', 'k3'),
  );
  await outcomeOf(bus);
  assert.deepEqual(excludedOf(bus), [[], [], ['k1', 'k2']]);
});

test('a model whose breaker is open is passed over at once, and what it is asked meanwhile is answered by the next', async () => {
  const { health } = newHealth();
  const broken = failing('upstream', 'MALFORMED');
  for (let i = 0; i < 5; i += 1) await outcomeOf(scriptedBus(broken, answering('Hi.')), {}, undefined, health);
  const bus = scriptedBus(answering('Hi.'));
  const { provenance } = await outcomeOf(bus, {}, undefined, health);
  assert.deepEqual([askedOf(bus), provenance?.attempts], [['two/large'], 1]);
});

test('when all breakers are open nobody is asked, and the caller hears when the first of them may be tried', async () => {
  const clock = manualClock();
  const { health } = newHealth({ clock });
  const chat = { model: 'best' };
  const broken = failing('upstream', 'MALFORMED');
  for (let i = 0; i < 4; i += 1) await outcomeOf(scriptedBus(broken, answering('Hi.')), { chat }, undefined, health);
  for (let i = 0; i < 5; i += 1) {
    clock.advance(1000);
    await outcomeOf(scriptedBus(broken, broken), { chat }, undefined, health);
  }
  clock.advance(9000);
  const bus = scriptedBus();
  const { error } = await outcomeOf(bus, { chat }, undefined, health);
  // The first opened 4 s before the second, 13 s ago.
  assert.deepEqual(
    [bus.asked.length, error?.code, error?.reason, error?.retryAfterMs],
    [0, 'unavailable', 'BREAKER_OPEN', 47_000],
  );
});

for (const [code, reason] of [
  ['invalid', 'UPSTREAM_REJECTED'],
  ['upstream_exhausted', 'RATE_LIMITED'],
  ['upstream_denied', 'KEY_REJECTED'],
] as const) {
  test(`${reason} opens no breaker, however often`, async () => {
    const { health } = newHealth();
    for (let i = 0; i < 10; i += 1) await outcomeOf(scriptedBus(failing(code, reason)), {}, undefined, health);
    const bus = scriptedBus(answering('Hi.'));
    assert.equal((await outcomeOf(bus, {}, undefined, health)).provenance?.provider, 'one');
  });
}

test('an answer that broke off counts against its provider, one whose caller left does not', async () => {
  const { health } = newHealth();
  const cut = [accepted(), delta('A mon'), failed('unavailable', 'CONNECTION_FAILED')];
  for (let i = 0; i < 5; i += 1) {
    const leaving = new AbortController();
    const left = scriptedBus(() => {
      setImmediate(() => leaving.abort());
      return [accepted(), delta('A mon')];
    });
    await outcomeOf(left, {}, leaving.signal, health);
  }
  assert.equal(health.isOpen('one', 'large'), false);
  for (let i = 0; i < 5; i += 1) await outcomeOf(scriptedBus(cut), {}, undefined, health);
  assert.equal(health.isOpen('one', 'large'), true);
});

test('where the budget of retries is used up the next provider is asked instead of the same once more', async () => {
  const { health } = newHealth();
  const settings = settingsOf('limits: { retries: { share: 0, minimum: 1 } }\n');
  const failedOnce = failing('unavailable', 'UPSTREAM_FAILED');
  const first = scriptedBus(failedOnce, answering('Hi.'));
  await outcomeOf(first, { settings }, undefined, health);
  const second = scriptedBus(failedOnce, answering('Hi.'));
  await outcomeOf(second, { settings }, undefined, health);
  assert.deepEqual(
    [askedOf(first), askedOf(second)],
    [
      ['one/large', 'one/large'],
      ['one/large', 'two/large'],
    ],
  );
});
