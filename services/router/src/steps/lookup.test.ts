import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { CacheMode, Level, type LookupRequest, LookupResponseSchema, Source } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { exactKey } from '@refrain/judgement';
import { type ManualClock, manualClock } from '@refrain/testkit';
import { answerOf, type QuestionInit, questionOf, settingsOf } from '../../test/question.ts';
import { recordedMetrics } from '../../test/recorded-metrics.ts';
import { Lookup } from './lookup.ts';

const text = 'What is a monad?';
const hit = () =>
  create(LookupResponseSchema, {
    answer: answerOf('A monoid.', { provenance: { source: Source.EXACT, provider: 'one', model: 'large' } }),
  });
const miss = () => create(LookupResponseSchema, { missReason: 'empty' });
const broken = (): never => {
  throw new RefrainError('unavailable', 'No.', { reason: 'GONE' });
};

/** A lookup before a cache that answers as told. */
function withCache(answer: () => ReturnType<typeof hit>, clock: ManualClock = manualClock()) {
  const asked: { request: LookupRequest }[] = [];
  const metrics = recordedMetrics();
  const cache = {
    lookup: async (request: LookupRequest) => {
      asked.push({ request });
      return answer();
    },
  };
  const levels = () => asked.map(({ request }) => request.levels);
  return { lookup: new Lookup(cache, metrics, clock), asked, levels, metrics };
}

/** A lookup before a cache that takes its time. */
function withSlowCache(answer: () => Promise<ReturnType<typeof hit>>) {
  return { lookup: new Lookup({ lookup: answer }, recordedMetrics()) };
}

test('a hit carries the id of this request and its class', async () => {
  const question = questionOf(text);
  const answer = (await withCache(hit).lookup.exact(question))?.answer;
  assert.equal(answer?.text, 'A monoid.');
  assert.equal(answer?.requestId, question.requestId);
  assert.deepEqual(answer?.provenance?.classification, question.classification);
});

test("the exact question is the tenant's, by its key alone, with the rank it demands", async () => {
  const { asked, lookup } = withCache(miss);
  const settings = settingsOf('cache: { minimumRank: [{ when: {}, rank: 4 }] }\n');
  const question = questionOf(text, { settings });
  assert.equal((await lookup.exact(question))?.missReason, 'empty');
  const { request } = asked[0] ?? {};
  assert.deepEqual(
    [request?.tenant, request?.levels, request?.minimumRank, request?.exactKey, request?.chat],
    ['acme', [Level.EXACT], 4, exactKey(question.chat, settings.scope('acme')), undefined],
  );
});

test('a cache that says nothing is left: after a quarter of a second, by meaning after half, and never later than the request ends', async () => {
  const took = async (look: (lookup: Lookup) => Promise<unknown>) => {
    const signals: AbortSignal[] = [];
    const lookup = (_: LookupRequest, options?: { readonly signal?: AbortSignal }) => {
      if (options?.signal) signals.push(options.signal);
      return new Promise<never>(() => undefined);
    };
    const began = performance.now();
    assert.equal(await look(new Lookup({ lookup }, recordedMetrics())), undefined);
    assert.ok(signals[0]?.aborted, 'the cache hears that nobody waits');
    return performance.now() - began;
  };
  const question = questionOf(text);
  const hurried = questionOf(text, { remainingMs: 20 });
  const [exact, byMeaning, inAHurry] = await Promise.all([
    took((lookup) => lookup.exact(question)),
    took((lookup) => lookup.byMeaning(question)),
    took((lookup) => lookup.exact(hurried)),
  ]);
  assert.ok(exact >= 249 && exact < 450, `${exact} ms`);
  assert.ok(byMeaning >= 499 && byMeaning < 900, `${byMeaning} ms`);
  assert.ok(inAHurry < 200, `${inAHurry} ms`);
});

test('who waits for a turn behind a burst waits as long as its caller does, and no longer', async () => {
  const answers: ((response: ReturnType<typeof hit>) => void)[] = [];
  const { lookup } = withSlowCache(() => new Promise((resolve) => answers.push(resolve)));
  const ended: string[] = [];
  const look = async (name: string, init: QuestionInit = {}) => {
    const held = await lookup.exact(questionOf(text, init));
    ended.push(`${name} ${held?.answer?.text ?? 'left'}`);
  };
  const burst = Array.from({ length: 64 }, () => look('burst'));
  await look('hurried', { remainingMs: 20 });
  assert.deepEqual(ended, ['hurried left']);
  const patient = look('patient');
  for (const answer of answers.splice(0)) answer(hit());
  await Promise.all(burst);
  answers[0]?.(hit());
  await patient;
  assert.equal(ended.at(-1), 'patient A monoid.');
});

test('whatever fails in the cache is a miss, and counted', async () => {
  const { lookup, metrics } = withCache(broken);
  assert.equal(await lookup.exact(questionOf(text)), undefined);
  assert.equal(await lookup.byMeaning(questionOf(text)), undefined);
  assert.deepEqual(metrics.lines, ['cacheFailed lookup GONE', 'cacheFailed lookup GONE']);
});

test('an answer that does not say where it came from is a miss', async () => {
  const nameless = () => create(LookupResponseSchema, { answer: { text: 'A monoid.' } });
  assert.equal(await withCache(nameless).lookup.exact(questionOf(text)), undefined);
});

test('after five failures the cache is left alone for half a second, then asked once', async () => {
  const clock = manualClock();
  let down = true;
  const { asked, lookup, metrics } = withCache(() => (down ? broken() : hit()), clock);
  for (let i = 0; i < 7; i += 1) await lookup.exact(questionOf(text));
  assert.equal(asked.length, 5);
  assert.equal(lookup.reachable, false);
  assert.equal(metrics.lines.at(-1), 'cacheFailed lookup BREAKER_OPEN');
  down = false;
  clock.advance(499);
  assert.equal(await lookup.exact(questionOf(text)), undefined);
  clock.advance(1);
  assert.equal((await lookup.exact(questionOf(text)))?.answer?.text, 'A monoid.');
  assert.equal(lookup.reachable, true);
});

test('callers in a hurry do not close the cache to the others', async () => {
  const late = (): never => {
    throw new RefrainError('deadline', 'No answer came in time.');
  };
  const { asked, lookup } = withCache(late);
  for (let i = 0; i < 10; i += 1) await lookup.exact(questionOf(text, { remainingMs: 20 }));
  assert.deepEqual([asked.length, lookup.reachable], [10, true]);
  for (let i = 0; i < 5; i += 1) await lookup.exact(questionOf(text));
  assert.equal(lookup.reachable, false);
});

test('a burst takes turns, so that the cache answers all of it in time', async () => {
  let underWay = 0;
  let most = 0;
  const { lookup } = withSlowCache(async () => {
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay -= 1;
    return hit();
  });
  const question = questionOf(text);
  const answers = await Promise.all(Array.from({ length: 1000 }, () => lookup.exact(question)));
  assert.ok(answers.every((held) => held?.answer?.text === 'A monoid.'));
  assert.equal(most, 64);
});

test('a burst before a cache that is away is through as soon as the breaker has seen it', async () => {
  let calls = 0;
  const { lookup } = withSlowCache(async () => {
    calls += 1;
    await new Promise((resolve) => setImmediate(resolve));
    throw new RefrainError('deadline', 'No answer came in time.');
  });
  const question = questionOf(text);
  const answers = await Promise.all(Array.from({ length: 1000 }, () => lookup.exact(question)));
  assert.deepEqual(new Set(answers), new Set([undefined]));
  assert.ok(calls < 2 * 64, `${calls} calls`);
});

const reads: [name: string, mode: CacheMode, read: boolean][] = [
  ['nothing said', CacheMode.UNSPECIFIED, true],
  ['read-only', CacheMode.READ_ONLY, true],
  ['refresh', CacheMode.REFRESH, false],
  ['off', CacheMode.OFF, false],
  ['only if cached', CacheMode.ONLY_IF_CACHED, true],
];
for (const [name, cache, read] of reads) {
  test(`${name}: the cache is ${read ? '' : 'not '}read`, async () => {
    const { asked, lookup } = withCache(miss);
    await lookup.exact(questionOf(text, { options: { cache } }));
    await lookup.byMeaning(questionOf(text, { options: { cache } }));
    assert.equal(asked.length, read ? 2 : 0);
  });
}

test('the cache is not asked what cannot be there', async () => {
  const exactly = async (init: QuestionInit) => {
    const { lookup, asked } = withCache(hit);
    assert.equal(await lookup.exact(questionOf(text, init)), undefined);
    return asked.length;
  };
  assert.equal(await exactly({ chat: { temperature: 1 } }), 0);
  assert.equal(await exactly({ chat: { tools: [{ name: 'look' }] } }), 0);
});

test('by meaning only what meaning or a template can answer is asked, in one call', async () => {
  const { levels, lookup } = withCache(miss);
  await lookup.byMeaning(questionOf('And then? '.repeat(200)));
  await lookup.byMeaning(questionOf(text, { chat: { responseFormat: { type: 'json_object' } } }));
  assert.deepEqual(levels(), []);
  await lookup.byMeaning(questionOf(text));
  await lookup.byMeaning(questionOf('When do you open?'));
  await lookup.byMeaning(questionOf('When do you open?', { chat: { temperature: 1 } }));
  assert.deepEqual(levels(), [[Level.SEMANTIC], [Level.SEMANTIC, Level.TEMPLATE], [Level.TEMPLATE]]);
});

test('where the semantic level is switched off only templates are left', async () => {
  const { levels, lookup } = withCache(miss);
  const settings = settingsOf('cache: { semantic: { enabled: false } }\n');
  await lookup.byMeaning(questionOf(text, { settings }));
  await lookup.byMeaning(questionOf('When do you open?', { settings }));
  assert.deepEqual(levels(), [[Level.TEMPLATE]]);
});

test('how old and how sure an answer must be is said on every level; one that must be new is not looked for', async () => {
  const { asked, lookup } = withCache(miss);
  const question = questionOf(text, { options: { maxAgeSeconds: 60, minimumConfidence: 0.9 } });
  await lookup.exact(question);
  await lookup.byMeaning(question);
  await lookup.stale(question);
  assert.deepEqual(
    asked.map(({ request }) => [request.maxAgeSeconds, request.minimumConfidence]),
    [
      [60, 0.9],
      [60, 0.9],
      [60, 0.9],
    ],
  );
  const anew = questionOf(text, { options: { maxAgeSeconds: 0 } });
  await Promise.all([lookup.exact(anew), lookup.byMeaning(anew), lookup.stale(anew)]);
  assert.equal(asked.length, 3);
});

test('what is past its time is asked for exactly and by meaning in one call, with what the caller demands', async () => {
  const { asked, lookup } = withCache(hit);
  const held = await lookup.stale(questionOf(text, { options: { minimumConfidence: 0.99 } }));
  assert.equal(held?.answer?.text, 'A monoid.');
  const { acceptStale, levels, minimumConfidence } = asked[0]?.request ?? {};
  assert.deepEqual([acceptStale, levels, minimumConfidence], [true, [Level.EXACT, Level.SEMANTIC], 0.99]);
  for (const cache of [CacheMode.OFF, CacheMode.REFRESH]) await lookup.stale(questionOf(text, { options: { cache } }));
  await lookup.stale(questionOf('When do you open?', { chat: { temperature: 1 } }));
  assert.equal(asked.length, 1);
});

test('a crowd whose provider died asks for what is past its time once, each for itself again later', async () => {
  let calls = 0;
  const { lookup } = withSlowCache(async () => {
    calls += 1;
    await new Promise((resolve) => setImmediate(resolve));
    return hit();
  });
  const questions = Array.from({ length: 1000 }, () => questionOf(text));
  const held = await Promise.all(questions.map((question) => lookup.stale(question)));
  assert.equal(calls, 1);
  assert.deepEqual(
    held.map((each) => each?.answer?.requestId),
    questions.map(({ requestId }) => requestId),
  );
  const demanding = questionOf(text, { options: { maxAgeSeconds: 60 } });
  await Promise.all([lookup.stale(questionOf(text)), lookup.stale(demanding)]);
  assert.equal(calls, 3);
});
