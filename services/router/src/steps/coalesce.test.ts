import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { CacheMode, DeltaSchema, ProvenanceSchema, Source } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { Deadline } from '@refrain/resilience';
import { eventually, manualClock } from '@refrain/testkit';
import { all, answerOf, type QuestionInit, questionOf } from '../../test/question.ts';
import { collect, type Reply } from '../reply.ts';
import { type FlightEvent, Flights, whole } from './coalesce.ts';

const text = 'What is a monad?';
const started = (source: Source = Source.PROVIDER): FlightEvent => ({
  kind: 'started',
  provenance: create(ProvenanceSchema, { source, provider: 'one', model: 'large', attempts: 1 }),
});
const delta = (piece: string): FlightEvent => ({ kind: 'delta', delta: create(DeltaSchema, { text: piece }) });
const completed = (answer = answerOf('A monoid.')): FlightEvent => ({ kind: 'completed', answer });

/** A flight whose events the test says one by one. */
function scriptedLead() {
  const waiting: (FlightEvent | RefrainError)[] = [];
  const signals: AbortSignal[] = [];
  let wake: (() => void) | undefined;
  async function* lead(signal: AbortSignal): AsyncGenerator<FlightEvent> {
    signals.push(signal);
    for (;;) {
      const next = waiting.shift();
      if (next instanceof RefrainError) throw next;
      if (next) yield next;
      if (next?.kind === 'completed') return;
      if (!next)
        await new Promise<void>((resolve, reject) => {
          wake = resolve;
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
    }
  }
  return {
    lead,
    /** One for each time somebody led. */
    signals,
    say: (...events: (FlightEvent | RefrainError)[]) => {
      waiting.push(...events);
      wake?.();
    },
  };
}
const textOf = async (reply: Reply) =>
  (await all(reply.events())).map((event) => (event.kind === 'delta' ? event.delta.text : '.')).join('');

test('identical questions are one flight: one asks and pays, the rest hear all of it, each under its own id', async () => {
  const flights = new Flights();
  const { lead, say, signals } = scriptedLead();
  const questions = Array.from({ length: 20 }, () => questionOf(text));
  const joining = questions.map((question) => flights.join(question, lead));
  say(started(), delta('A mon'), delta('oid.'), completed());
  const answers = await Promise.all(joining.map(async (reply) => collect(await reply)));
  assert.equal(signals.length, 1);
  assert.deepEqual(
    answers.map(({ requestId }) => requestId),
    questions.map(({ requestId }) => requestId),
  );
  const paid = answers.map(({ cost, provenance }) => [
    provenance?.source,
    provenance?.attempts,
    cost?.nanoUsd,
    cost?.savedNanoUsd,
  ]);
  assert.deepEqual(paid[0], [Source.PROVIDER, 1, 20_000n, 0n]);
  for (const follower of paid.slice(1)) assert.deepEqual(follower, [Source.COALESCED, 0, 0n, 20_000n]);
  assert.equal(flights.size, 0);
});

test('who joins is told at once who answers, before the answer', async () => {
  const flights = new Flights();
  const { lead, say } = scriptedLead();
  const joining = [flights.join(questionOf(text), lead), flights.join(questionOf(text), lead)];
  say(started());
  const replies = await Promise.all(joining);
  assert.deepEqual(
    replies.map(({ provenance }) => [provenance.provider, provenance.source]),
    [
      ['one', Source.PROVIDER],
      ['one', Source.COALESCED],
    ],
  );
  say(completed());
  await Promise.all(replies.map(collect));
});

test('one who joins late hears what was said, then the rest', async () => {
  const flights = new Flights();
  const { lead, say } = scriptedLead();
  const first = flights.join(questionOf(text), lead);
  say(started(), delta('A '), delta('mon'));
  const early = await first;
  const late = await flights.join(questionOf(text), lead);
  say(delta('oid'), completed());
  assert.deepEqual([await textOf(early), await textOf(late)], ['A monoid.', 'A monoid.']);
});

const apart: [name: string, one: QuestionInit, other: QuestionInit][] = [
  ['another tier, which may be routed elsewhere', { caller: { tier: 'pro' } }, { caller: { tier: 'free' } }],
  ['another tenant', { caller: { tenant: 'acme' } }, { caller: { tenant: 'globex' } }],
  ['another temperature', { chat: { temperature: 0 } }, { chat: { temperature: 0.1 } }],
  ['another mode', {}, { options: { cache: CacheMode.READ_ONLY } }],
  ['another confidence', {}, { options: { minimumConfidence: 0.99 } }],
  ['another age', { options: { maxAgeSeconds: 60 } }, { options: { maxAgeSeconds: 3600 } }],
  ['an age of nothing', { options: { maxAgeSeconds: 0 } }, { options: { maxAgeSeconds: 0 } }],
  ['hot sampling', { chat: { temperature: 1 } }, { chat: { temperature: 1 } }],
  ['tools', { chat: { tools: [{ name: 'look' }] } }, { chat: { tools: [{ name: 'look' }] } }],
  ['a refresh', { options: { cache: CacheMode.REFRESH } }, { options: { cache: CacheMode.REFRESH } }],
  ['the cache switched off', { options: { cache: CacheMode.OFF } }, { options: { cache: CacheMode.OFF } }],
];
for (const [name, one, other] of apart) {
  test(`not shared: ${name}`, async () => {
    const flights = new Flights();
    const { lead, signals } = scriptedLead();
    const gone = new AbortController();
    const joining = [one, other].map((init) => flights.join(questionOf(text, { ...init, signal: gone.signal }), lead));
    assert.deepEqual([signals.length, flights.size], [2, 2]);
    gone.abort();
    for (const reply of joining) await assert.rejects(reply, { code: 'canceled' });
  });
}

test('lifetime and tags are no demands on the answer: it is shared', async () => {
  const flights = new Flights();
  const { lead, say, signals } = scriptedLead();
  const options = [{}, { ttlSeconds: 60 }, { tags: ['faq'] }];
  const joining = options.map((each) => flights.join(questionOf(text, { options: each }), lead));
  say(started(), completed());
  await Promise.all(joining.map(async (reply) => collect(await reply)));
  assert.equal(signals.length, 1);
});

test('users of one tenant and tier share', async () => {
  const flights = new Flights();
  const { lead, say, signals } = scriptedLead();
  const joining = ['ann', 'bob'].map((user) => flights.join(questionOf(text, { caller: { user } }), lead));
  say(started(), completed());
  await Promise.all(joining.map(async (reply) => collect(await reply)));
  assert.equal(signals.length, 1);
});

/** Two join; the one at `leaving` goes after the first piece. Gives what the other heard. */
async function afterLeaving(leaving: 0 | 1) {
  const flights = new Flights();
  const { lead, say, signals } = scriptedLead();
  const gone = new AbortController();
  const signalOf = (i: number) => (i === leaving ? { signal: gone.signal } : {});
  const joining = [0, 1].map((i) => flights.join(questionOf(text, signalOf(i)), lead));
  say(started(), delta('A mon'));
  const replies = await Promise.all(joining);
  const [leaver, stayer] = leaving === 0 ? replies : replies.toReversed();
  assert.ok(leaver && stayer);
  const left = assert.rejects(collect(leaver), { code: 'canceled' });
  gone.abort();
  await left;
  assert.equal(signals[0]?.aborted, false);
  say(delta('oid'), completed());
  return textOf(stayer);
}

test('a follower that leaves stops nothing', async () => {
  assert.equal(await afterLeaving(1), 'A monoid.');
});

test('a leader that leaves stops nothing: who joined hears on', async () => {
  assert.equal(await afterLeaving(0), 'A monoid.');
});

test('when the last one leaves the flight is aborted, and the next asker starts a new one', async () => {
  const flights = new Flights();
  const { lead, say, signals } = scriptedLead();
  const gone = [new AbortController(), new AbortController()];
  const joining = gone.map(({ signal }) => flights.join(questionOf(text, { signal }), lead));
  say(started());
  const ends = (await Promise.all(joining)).map((reply) => assert.rejects(collect(reply), { code: 'canceled' }));
  gone[0]?.abort();
  await ends[0];
  assert.equal(signals[0]?.aborted, false);
  gone[1]?.abort();
  await ends[1];
  assert.equal(signals[0]?.aborted, true);
  await eventually(() => flights.size === 0, { what: 'the end of the flight' });
  const again = flights.join(questionOf(text), lead);
  say(started(), completed());
  await collect(await again);
  assert.equal(signals.length, 2);
});

test('one that leaves while nobody has answered yet leaves at once', async () => {
  const flights = new Flights();
  const { lead, signals } = scriptedLead();
  const gone = new AbortController();
  const joining = flights.join(questionOf(text, { signal: gone.signal }), lead);
  gone.abort();
  await assert.rejects(joining, { code: 'canceled' });
  assert.equal(signals[0]?.aborted, true);
});

test('what was begun for a caller that had left already is stopped', async () => {
  const flights = new Flights();
  const { lead, signals } = scriptedLead();
  await assert.rejects(flights.join(questionOf(text, { signal: AbortSignal.abort() }), lead), { code: 'canceled' });
  assert.equal(signals[0]?.aborted, true);
});

test('what ends the flight reaches everybody', async () => {
  const flights = new Flights();
  const { lead, say } = scriptedLead();
  const early = [flights.join(questionOf(text), lead), flights.join(questionOf(text), lead)];
  say(new RefrainError('unavailable', 'No.'));
  for (const reply of early) await assert.rejects(reply, { code: 'unavailable' });
  const late = [flights.join(questionOf(text), lead), flights.join(questionOf(text), lead)];
  say(started(), delta('A'), new RefrainError('midstream', 'Cut.'));
  for (const reply of late) await assert.rejects(collect(await reply), { code: 'midstream' });
});

test('what a broken answer has cost is told to the one who pays it', async () => {
  const flights = new Flights();
  const { lead, say } = scriptedLead();
  const joining = [flights.join(questionOf(text), lead), flights.join(questionOf(text), lead)];
  const spent = { promptTokens: 10, completionTokens: 2, estimated: true, nanoUsd: 14n, priceMissing: false };
  say(started(), delta('A'), new RefrainError('midstream', 'Cut.', { reason: 'TRUNCATED', spent }));
  const [payer, follower] = await Promise.all(joining);
  assert.ok(payer && follower);
  await assert.rejects(collect(payer), { reason: 'TRUNCATED', spent });
  await assert.rejects(collect(follower), { reason: 'TRUNCATED', spent: undefined });
});

test('each caller has its own deadline, and until somebody speaks a tenth of it is kept for a template', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const clock = manualClock();
  const pass = (ms: number) => {
    clock.advance(ms);
    t.mock.timers.tick(ms);
  };
  const flights = new Flights();
  const { lead, say, signals } = scriptedLead();
  const within = (ms: number) => flights.join({ ...questionOf(text), deadline: new Deadline(ms, clock) }, lead);
  const hasty = within(1000);
  const calm = within(2000);
  const patient = within(30_000);
  const ends: string[] = [];
  const watch = (name: string, reply: Promise<unknown>) =>
    reply.then(undefined, ({ code }) => ends.push(`${name} ${code}`));
  const watched = [watch('hasty', hasty), watch('calm', calm.then(collect))];
  pass(899);
  await Promise.resolve();
  assert.deepEqual(ends, []);
  pass(1);
  await watched[0];
  assert.deepEqual(ends, ['hasty deadline']);
  say(started());
  await calm;
  // Somebody speaks: no more is kept back, but the deadline itself holds.
  pass(1099);
  await patient;
  assert.deepEqual(ends, ['hasty deadline']);
  pass(1);
  await watched[1];
  assert.deepEqual(ends, ['hasty deadline', 'calm deadline']);
  assert.equal(signals[0]?.aborted, false);
  say(delta('A monoid'), completed());
  assert.equal(await textOf(await patient), 'A monoid.');
});

test('a hit by meaning stays one for who shares it', async () => {
  const flights = new Flights();
  const hit = answerOf('A monoid.', {
    cost: { savedNanoUsd: 70n },
    provenance: { source: Source.SEMANTIC, provider: 'one', model: 'large', confidence: 0.97 },
  });
  const joining = [0, 1].map(() => flights.join(questionOf(text), () => whole(hit)));
  const answers = await Promise.all(joining.map(async (reply) => collect(await reply)));
  for (const { cost, provenance } of answers) {
    assert.deepEqual([provenance?.source, provenance?.confidence, cost?.savedNanoUsd], [Source.SEMANTIC, 0.97, 70n]);
  }
});

test('what the followers saved is as unknown as what the leader paid', async () => {
  const flights = new Flights();
  const joining = [0, 1].map(() =>
    flights.join(questionOf(text), async function* () {
      yield started();
      yield completed(answerOf('A monoid.', { cost: { priceMissing: true } }));
    }),
  );
  const [, follower] = await Promise.all(joining.map(async (reply) => collect(await reply)));
  assert.equal(follower?.cost?.priceMissing, true);
});
