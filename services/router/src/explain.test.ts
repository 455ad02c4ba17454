import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { CacheMode, Level, type LookupRequest, LookupResponseSchema, Source, Task } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { exactKey, partitionKey } from '@refrain/judgement';
import { newHealth } from '../test/health.ts';
import { type QuestionInit, questionOf, settingsOf } from '../test/question.ts';
import { explain } from './explain.ts';

const text = 'What is a monad?';

/** Explains a question before a cache that holds what is given. */
async function explained(init: QuestionInit = {}, held: MessageInitShape<typeof LookupResponseSchema> = {}) {
  const asked: LookupRequest[] = [];
  const lookup = async (request: LookupRequest) => {
    asked.push(request);
    return create(LookupResponseSchema, held);
  };
  const question = questionOf(text, init);
  const { health } = newHealth();
  return { question, asked, response: await explain(question, { lookup }, health) };
}

test('it says class, keys, routes with their prices, and that the cache holds nothing', async () => {
  const { question, response } = await explained();
  const { chat, settings } = question;
  assert.equal(response.classification?.task, Task.TEXT);
  assert.equal(response.exactKey, exactKey(chat, settings.scope('acme')));
  assert.equal(response.partition, partitionKey(chat, settings.scope('acme')));
  assert.deepEqual([response.cacheable, response.semantic, response.cacheSource], [true, true, Source.UNSPECIFIED]);
  assert.deepEqual(
    response.routes.map(({ provider, model, rank }) => `${provider}/${model}/${rank}`),
    ['one/large/4', 'two/large/3', 'local/small/1'],
  );
  assert.equal(response.routeReason, 'route:text/simple');
  // Four words and a sign are 5 tokens, 4 for the turn, and 1,000 tokens of answer.
  assert.equal(response.routes[0]?.estimatedNanoUsd, 9n * 1000n + 1000n * 2000n);
});

test('a model without a price has no estimate', async () => {
  const { response } = await explained({ chat: { model: 'unpriced/m' } });
  assert.deepEqual(
    response.routes.map(({ estimatedNanoUsd }) => estimatedNanoUsd),
    [undefined],
  );
});

test('it says what the cache holds, with its confidence and name', async () => {
  const provenance = { source: Source.SEMANTIC, confidence: 0.97, entryId: 'e1' };
  const { asked, response } = await explained({ options: { minimumConfidence: 0.9 } }, { answer: { provenance } });
  assert.deepEqual(
    [response.cacheSource, response.cacheConfidence, response.cacheEntryId],
    [Source.SEMANTIC, 0.97, 'e1'],
  );
  assert.deepEqual(
    [asked[0]?.tenant, asked[0]?.levels, asked[0]?.minimumConfidence, asked[0]?.leaveNoTrace],
    ['acme', [Level.EXACT, Level.SEMANTIC], 0.9, true],
  );
});

test('what may not be cached is not looked up, and it says why', async () => {
  const hot = await explained({ chat: { temperature: 1 } });
  assert.deepEqual(
    [hot.response.cacheable, hot.response.notCacheableReason, hot.response.notSemanticReason, hot.asked.length],
    [false, 'temperature', 'temperature', 0],
  );
  const off = await explained({ options: { cache: CacheMode.OFF } });
  assert.deepEqual(
    [off.response.cacheable, off.response.notCacheableReason, off.response.notSemanticReason, off.asked.length],
    [false, 'mode:off', 'mode:off', 0],
  );
});

test('it says how the answer would be kept: how long, under which names, and that some would not be', async () => {
  const kept = async (init: QuestionInit) => {
    const { cacheMode, exactTtlSeconds, semanticTtlSeconds, tags } = (await explained(init)).response;
    return [cacheMode, exactTtlSeconds, semanticTtlSeconds, tags];
  };
  assert.deepEqual(await kept({}), [CacheMode.UNSPECIFIED, 3600, 1800, []]);
  const options = { ttlSeconds: 60, tags: ['faq'], maxAgeSeconds: 0 };
  assert.deepEqual(await kept({ options }), [CacheMode.REFRESH, 60, 60, ['faq']]);
  assert.deepEqual(await kept({ options: { cache: CacheMode.READ_ONLY } }), [
    CacheMode.READ_ONLY,
    undefined,
    undefined,
    [],
  ]);
  const json = { responseFormat: { type: 'json_object' } };
  assert.deepEqual((await kept({ chat: json })).slice(1, 3), [undefined, undefined]);
  const rule =
    'cache: { lifetimes: [{ when: { model: one/large }, exactSeconds: 5 }], semantic: { enabled: false } }\n';
  assert.deepEqual((await kept({ settings: settingsOf(rule) })).slice(1, 3), [5, undefined]);
});

test('what is not read is not looked up; how old it may be is', async () => {
  const { asked } = await explained({ options: { cache: CacheMode.REFRESH } });
  assert.equal(asked.length, 0);
  const old = await explained({ options: { maxAgeSeconds: 60 } });
  assert.equal(old.asked[0]?.maxAgeSeconds, 60);
});

test('a template that always answers is shown by its name, be it kept already or filled now', async () => {
  const question = { messages: questionOf('When do you open?').chat.messages };
  for (const source of [Source.TEMPLATE, Source.EXACT]) {
    const answer = { provenance: { source, provider: 'template', model: 'hours' } };
    const { asked, response } = await explained({ chat: question }, { answer });
    assert.deepEqual([response.template, response.cacheSource], ['hours', source]);
    assert.deepEqual(asked[0]?.levels, [Level.EXACT, Level.SEMANTIC, Level.TEMPLATE]);
  }
  assert.equal((await explained()).response.template, '');
});

test('where only the cache may answer nobody is on the way', async () => {
  const { asked, response } = await explained({ options: { cache: CacheMode.ONLY_IF_CACHED } });
  assert.deepEqual([asked.length, response.routes], [1, []]);
});

test('it fails as the request would, and when the cache cannot say', async () => {
  await assert.rejects(explained({ chat: { model: 'gpt-99' } }), { code: 'not_found' });
  const lookup = () => Promise.reject(new RefrainError('unavailable', 'No.'));
  await assert.rejects(explain(questionOf(text), { lookup }, newHealth().health), { code: 'unavailable' });
});

test('it says of every model that was thought of why it would be asked or not', async () => {
  const extra = 'policy: { dial: 1 }\n';
  const settings = settingsOf(extra);
  const routes = [{ when: {}, try: ['one/large', 'two/large'], minimumRank: 4 }];
  const { response } = await explained({ settings: { ...settings, mesh: { ...settings.mesh, routes } } });
  assert.deepEqual(
    response.considered.map(({ model, provider, verdict }) => `${provider}/${model}: ${verdict}`),
    ['one/large: kept', 'two/large: rank_below_minimum', 'local/small: kept'],
  );
});

test('a model whose breaker is open is named so', async () => {
  const question = questionOf(text);
  const { health } = newHealth();
  const { limits } = question.settings.mesh;
  for (let i = 0; i < limits.breaker.failures; i += 1) {
    const permit = await health.admit('one', 'large', limits);
    if (!(permit instanceof RefrainError)) permit.end('failed');
  }
  const { considered } = await explain(question, { lookup: async () => create(LookupResponseSchema) }, health);
  assert.deepEqual(
    considered.map(({ verdict }) => verdict),
    ['breaker_open', 'kept', 'kept'],
  );
});

test('what the question was embedded to has its say in whom a miss would ask, and that is told', async () => {
  const vector = new Uint8Array(Float32Array.from({ length: 384 }, () => 384 ** -0.5).buffer);
  const { question, response } = await explained({}, { missReason: 'below_threshold', vector });
  assert.deepEqual([question.classification.withEmbedding, response.classification?.withEmbedding], [false, true]);
  assert.ok((response.classification?.need ?? 1) <= question.classification.need);
  assert.equal(response.classification?.complexity, question.classification.complexity);
  const odd = await explained({}, { missReason: 'below_threshold', vector: vector.subarray(0, 30) });
  assert.equal(odd.response.classification?.withEmbedding, false);
});
