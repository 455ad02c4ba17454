/** The steps in their order, on a scripted cache and a scripted bus. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import {
  CacheMode,
  ExplainResponseSchema,
  FallbackMode,
  FeedbackRequestSchema,
  type LearnRequest,
  LearnResponseSchema,
  Level,
  type LookupRequest,
  LookupResponseSchema,
  Source,
  StoreManyResponseSchema,
  Verdict,
} from '@refrain/contracts';
import { RateLimiter } from '@refrain/resilience';
import { eventually, manualClock } from '@refrain/testkit';
import { newHealth } from '../test/health.ts';
import { answerOf, askOf, type QuestionInit, settingsOf } from '../test/question.ts';
import { recordedMetrics } from '../test/recorded-metrics.ts';
import {
  accepted,
  answering,
  delta,
  final,
  noResponders,
  type ScriptedBus,
  scriptedBus,
} from '../test/scripted-bus.ts';
import { noJobQueue } from './job-queue.ts';
import { Evidence } from './learning/evidence.ts';
import { createPipeline } from './pipeline.ts';
import { collect } from './reply.ts';
import { Flights } from './steps/coalesce.ts';
import { Lookup } from './steps/lookup.ts';
import { Recorder } from './steps/record.ts';

const levelNames: ReadonlyMap<number, string> = new Map(Object.entries(Level).map(([name, level]) => [level, name]));

/** A pipeline over a cache that holds what is given for each level; what it is asked stands in `calls`. */
function pipelineWith(
  bus: ScriptedBus,
  held: { exact?: string; semantic?: string; stale?: string; revalidate?: boolean; shadow?: string } = {},
  extra = '',
) {
  const calls: string[] = [];
  const learned: LearnRequest[] = [];
  const sampled: string[] = [];
  const metrics = recordedMetrics();
  const { revalidate = false } = held;
  const hit = (text: string, source: Source) =>
    create(LookupResponseSchema, { answer: answerOf(text, { provenance: { source, provider: 'one' } }), revalidate });
  const cache = {
    lookup: async ({ acceptStale, levels }: LookupRequest) => {
      calls.push(`${acceptStale ? 'STALE:' : ''}${levels.map((level) => levelNames.get(level)).join('+')}`);
      if (acceptStale && held.stale !== undefined) return hit(held.stale, Source.STALE);
      if (levels.includes(Level.EXACT) && held.exact !== undefined) return hit(held.exact, Source.EXACT);
      if (levels.includes(Level.SEMANTIC) && held.semantic !== undefined) return hit(held.semantic, Source.SEMANTIC);
      if (levels.includes(Level.SEMANTIC) && held.shadow !== undefined)
        return create(LookupResponseSchema, { shadow: { entryId: held.shadow, confidence: 0.7 } });
      return create(LookupResponseSchema, { missReason: 'empty' });
    },
    storeMany: async () => {
      calls.push('STORE');
      return create(StoreManyResponseSchema, { responses: [{ stored: true }] });
    },
    learn: async (request: LearnRequest) => {
      learned.push(request);
      return create(LearnResponseSchema, { removed: 1 });
    },
  };
  const nothing = () => undefined;
  const settings = settingsOf(extra);
  const pipeline = createPipeline({
    health: newHealth().health,
    settings: () => settings,
    limiter: new RateLimiter(manualClock()),
    lookup: new Lookup(cache, metrics),
    flights: new Flights(),
    // Without Redis each router asks for itself.
    records: { claim: async () => undefined, read: async () => undefined, revoke: async () => undefined },
    bus,
    cache,
    recorder: new Recorder({ cache, metrics, events: { answered: nothing, failed: nothing } }),
    evidence: new Evidence({ cache, metrics }),
    reviews: { sample: (_, { text }) => void sampled.push(text) },
    jobs: noJobQueue,
    metrics,
  });
  return { pipeline, calls, learned, sampled, lines: metrics.lines };
}
const ask = async (pipeline: ReturnType<typeof pipelineWith>['pipeline'], text: string, init: QuestionInit = {}) =>
  collect(await pipeline.ask(askOf(text, init)));

test('an exact hit is all there is: nothing is embedded, nobody is asked, nothing is stored', async () => {
  const bus = scriptedBus(answering('Anew.'));
  const { pipeline, calls } = pipelineWith(bus, { exact: 'Held.' });
  assert.equal((await ask(pipeline, 'What is a monad?')).text, 'Held.');
  assert.deepEqual([calls, bus.asked.length], [['EXACT'], 0]);
});

test('a hit by meaning comes after the exact miss, and nobody is asked', async () => {
  const bus = scriptedBus(answering('Anew.'));
  const { pipeline, calls } = pipelineWith(bus, { semantic: 'Near.' });
  const answer = await ask(pipeline, 'What is a monad?');
  assert.deepEqual([answer.text, answer.provenance?.source], ['Near.', Source.SEMANTIC]);
  assert.deepEqual([calls, bus.asked.length], [['EXACT', 'SEMANTIC'], 0]);
});

test('what would have been served is compared with the answer that was asked for anyway, and nobody waits for that', async () => {
  const { pipeline, learned, sampled } = pipelineWith(scriptedBus(answering('Anew.')), { shadow: 'e1' });
  const answer = await ask(pipeline, 'What is a monad?');
  assert.deepEqual([answer.text, answer.provenance?.source], ['Anew.', Source.PROVIDER]);
  const [told, ...more] = learned;
  assert.deepEqual([told?.tenant, told?.entryId, told?.confidence, told?.served], ['local', 'e1', 0.7, false]);
  assert.deepEqual([told?.source, told?.evidence.value, more, sampled], [Source.SEMANTIC, 'Anew.', [], []]);
});

test('what the cache answers is offered for review, a fresh answer is not', async () => {
  for (const held of [{ semantic: 'Held.' }, { exact: 'Held.' }]) {
    const { pipeline, sampled, learned } = pipelineWith(scriptedBus(), held);
    await ask(pipeline, 'What is a monad?');
    assert.deepEqual([sampled, learned], [['Held.'], []]);
  }
  const { pipeline, sampled, learned } = pipelineWith(scriptedBus(answering('Anew.')));
  await ask(pipeline, 'What is a monad?');
  assert.deepEqual([sampled, learned], [[], []]);
});

test('a miss is asked once and remembered once, however many ask it at the same time', async () => {
  const bus = scriptedBus(answering('Anew.'));
  const { pipeline, calls, lines } = pipelineWith(bus);
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask(pipeline, 'What is a monad?')));
  assert.equal(bus.asked.length, 1);
  assert.ok(answers.every(({ text }) => text === 'Anew.'));
  assert.equal(answers.filter(({ provenance }) => provenance?.source === Source.COALESCED).length, 49);
  const count = (call: string) => calls.filter((each) => each === call).length;
  await eventually(() => count('STORE') > 0, { what: 'the answer to be stored' });
  assert.deepEqual([count('EXACT'), count('SEMANTIC'), count('STORE')], [50, 1, 1]);
  assert.equal(lines.filter((line) => line === 'answered grpc one').length, 50);
});

test('when nobody answers a template does, and where none fits the error is told and counted', async () => {
  const { pipeline, lines } = pipelineWith(scriptedBus());
  const answer = await ask(pipeline, 'Tell me about Mars.');
  assert.deepEqual(
    [answer.text, answer.provenance?.source, answer.provenance?.reason],
    ['Nobody can tell about Mars now.', Source.TEMPLATE, 'fallback:no_responders'],
  );
  await assert.rejects(ask(pipeline, 'What is a monad?'), { code: 'unavailable', reason: 'NO_RESPONDERS' });
  assert.deepEqual(lines, ['began template', 'answered grpc template', 'failed grpc unavailable']);
});

test('before a template comes what is past its time, where the caller wants either', async () => {
  const { pipeline, calls } = pipelineWith(scriptedBus(), { stale: 'Of old.' });
  const answer = await ask(pipeline, 'Tell me about Mars.');
  assert.deepEqual([answer.text, answer.provenance?.source], ['Of old.', Source.STALE]);
  assert.deepEqual(calls, ['EXACT', 'SEMANTIC', 'STALE:EXACT+SEMANTIC']);
  const options = { fallback: FallbackMode.NONE };
  await assert.rejects(ask(pipeline, 'Tell me about Mars.', { options }), { reason: 'NO_RESPONDERS' });
  const anew = await ask(pipeline, 'Tell me about Mars.', { options: { cache: CacheMode.REFRESH } });
  assert.equal(anew.provenance?.source, Source.TEMPLATE);
});

for (const level of ['exact', 'semantic'] as const) {
  test(`an ${level} hit past its time is told at once, and asked afresh once behind it`, async () => {
    let answerNow: (value?: unknown) => void = () => undefined;
    const slow = new Promise((resolve) => {
      answerNow = resolve;
    });
    const bus = scriptedBus([accepted(), slow, delta('Anew.'), final()]);
    const { pipeline, calls, lines } = pipelineWith(bus, { [level]: 'Of old.', revalidate: true });
    for (let i = 0; i < 20; i += 1) assert.equal((await ask(pipeline, 'What is a monad?')).text, 'Of old.');
    await eventually(() => bus.asked.length > 0, { what: 'the background to ask' });
    assert.ok(!calls.includes('STORE'));
    answerNow();
    await pipeline.drain();
    assert.deepEqual([bus.asked.length, bus.asked[0]?.subject], [1, 'refrain.v1.work.one.low']);
    await eventually(() => calls.includes('STORE'), { what: 'the answer to be stored' });
    assert.equal(calls.filter((call) => call === 'STORE').length, 1);
    assert.ok(lines.includes('revalidated asked'));
  });
}

test('who asks nothing to be kept, or demands a younger answer, has nothing asked behind it', async () => {
  const bus = scriptedBus(answering('Anew.'));
  const { pipeline } = pipelineWith(bus, { exact: 'Of old.', revalidate: true });
  for (const cache of [CacheMode.READ_ONLY, CacheMode.ONLY_IF_CACHED])
    assert.equal((await ask(pipeline, 'What is a monad?', { options: { cache } })).text, 'Of old.');
  await pipeline.drain();
  assert.equal(bus.asked.length, 0);
});

test('only if cached: what is there answers, exactly or by meaning; else nobody is asked, and it is told apart', async () => {
  const options = { cache: CacheMode.ONLY_IF_CACHED };
  const bus = scriptedBus();
  for (const held of [{ exact: 'Held.' }, { semantic: 'Held.' }])
    assert.equal((await ask(pipelineWith(bus, held).pipeline, 'What is a monad?', { options })).text, 'Held.');
  const empty = pipelineWith(bus);
  await assert.rejects(ask(empty.pipeline, 'Tell me about Mars.', { options }), {
    code: 'not_found',
    reason: 'NOT_CACHED',
  });
  assert.deepEqual([empty.calls, bus.asked.length], [['EXACT', 'SEMANTIC'], 0]);
});

test('it is known whether the cache was asked at all', async () => {
  const bypassed = async (init: QuestionInit, held = {}) => {
    const reply = await pipelineWith(scriptedBus(answering('Anew.')), held).pipeline.ask(
      askOf('What is a monad?', init),
    );
    await collect(reply);
    return reply.bypassed ?? false;
  };
  assert.equal(await bypassed({}), false);
  assert.equal(await bypassed({}, { exact: 'Held.' }), false);
  assert.equal(await bypassed({ chat: { temperature: 1 } }), true);
  assert.equal(await bypassed({ options: { cache: CacheMode.REFRESH } }), true);
  assert.equal(await bypassed({ options: { maxAgeSeconds: 0 } }), true);
});

test('what comes from a template is not stored as an answer', async () => {
  const { pipeline, calls } = pipelineWith(scriptedBus([noResponders()]));
  await ask(pipeline, 'Tell me about Mars.');
  assert.ok(!calls.includes('STORE'));
});

test('who is not known, asks too much or makes no sense costs nothing', async () => {
  const bus = scriptedBus(answering('Anew.'));
  const hash = `sha256:${'0'.repeat(64)}`;
  const keyed = pipelineWith(bus, {}, `keys: [{ hash: "${hash}", tenant: acme, user: ann, tier: free }]\n`);
  await assert.rejects(ask(keyed.pipeline, 'What is a monad?'), { code: 'unauthenticated' });
  assert.throws(() => keyed.pipeline.models({}), { code: 'unauthenticated' });
  const limited = pipelineWith(bus, { exact: 'Held.' }, 'local: { tier: free }\n');
  for (let i = 0; i < 3; i += 1) await ask(limited.pipeline, 'What is a monad?');
  await assert.rejects(ask(limited.pipeline, 'What is a monad?'), { code: 'rate_limited' });
  const { calls, lines, pipeline } = pipelineWith(bus);
  await assert.rejects(ask(pipeline, '  '), { code: 'invalid' });
  assert.deepEqual([calls, keyed.calls, bus.asked.length], [[], [], 0]);
  assert.deepEqual(
    [keyed, limited, { lines }].map(({ lines: told }) => told.at(-1)),
    ['refused grpc unauthenticated', 'refused grpc rate_limited', 'refused grpc invalid'],
  );
});

test('an explanation of nothing is a promise that fails, as every face expects', async () => {
  const { pipeline } = pipelineWith(scriptedBus());
  await assert.rejects(pipeline.explain(askOf('')), { code: 'invalid' });
});

test('explain asks nobody but the cache, feedback reaches it', async () => {
  const bus = scriptedBus(answering('Anew.'));
  const { pipeline, calls } = pipelineWith(bus);
  const explained = await pipeline.explain(askOf('What is a monad?'));
  assert.equal(explained.$typeName, ExplainResponseSchema.typeName);
  assert.deepEqual([calls, bus.asked.length], [['EXACT+SEMANTIC'], 0]);
  const request = create(FeedbackRequestSchema, { entryId: 'e1', verdict: Verdict.WRONG });
  assert.equal((await pipeline.feedback({}, request)).removed, 1);
});
