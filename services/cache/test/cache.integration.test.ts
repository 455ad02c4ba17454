import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type Chat,
  ChatSchema,
  FinishReason,
  InvalidateRequestSchema,
  Level,
  LookupRequestSchema,
  Role,
  Source,
  StoreRequestSchema,
} from '@refrain/contracts';
import { createLexicalClassifier } from '@refrain/judgement';
import { Metrics, parseMeshConfig } from '@refrain/service';
import { openState, type State } from '@refrain/state';
import { eventually, modelsFolder, silentLog, startChroma, startRedis, type TestServer } from '@refrain/testkit';
import { EmbedderProcess } from '../src/embedder/embedder.ts';
import { RedisExactStore } from '../src/exact-store.ts';
import { ChromaNearIndex } from '../src/index/chroma-index.ts';
import { invalidate } from '../src/invalidate.ts';
import { lookup } from '../src/lookup.ts';
import { RedisNearStore } from '../src/near-store.ts';
import { toSettings } from '../src/settings.ts';
import { Counts } from '../src/stats.ts';
import { store } from '../src/store.ts';

const yaml = `version: 1
tiers:
  free: { lane: low, requestsPerMinute: 10 }
  basic: { lane: normal, requestsPerMinute: 10 }
  pro: { lane: high, requestsPerMinute: 10 }
  enterprise: { lane: high, requestsPerMinute: 10 }
providers: { p: { adapter: openai, keyless: true, models: [{ name: m, rank: 3, contextTokens: 1000 }] } }
routes: [{ try: [p/m] }]
templates: [{ name: hours, pattern: "when does the {shop} open", answer: "The {shop} opens at nine.", serve: always }]
`;
const classifier = createLexicalClassifier({ simpleBelowCharacters: 100, complexWords: [] });
const settings = toSettings(parseMeshConfig(yaml, 'test.yaml'));

let redis: TestServer;
let chroma: TestServer;
let state: State;
let index: ChromaNearIndex;
let embedder: EmbedderProcess;
let parts: Parameters<typeof lookup>[1] & Parameters<typeof store>[1];

before(async () => {
  [redis, chroma] = await Promise.all([startRedis(), startChroma()]);
  state = openState({ url: redis.url, name: 'test', log: silentLog });
  const near = new RedisNearStore(state);
  index = new ChromaNearIndex({
    url: chroma.url,
    log: silentLog,
    maximumCollections: 3,
    vectors: ({ tenant, key }) => near.vectors(tenant, key, 1000, Date.now()),
  });
  embedder = new EmbedderProcess(modelsFolder, silentLog);
  const counts = new Counts(new Metrics('test'));
  parts = {
    exact: new RedisExactStore(state),
    near,
    index,
    embedder,
    counts,
    settings: () => settings,
    nowMs: Date.now,
  };
  await eventually(() => state.ready && index.ready && embedder.ready, { timeoutMs: 30_000, what: 'the parts' });
});
after(async () => {
  await embedder.stop();
  await index.stop();
  state.close();
  await Promise.all([redis.stop(), chroma.stop()]);
});

const chatOf = (text: string, init: MessageInitShape<typeof ChatSchema> = {}): Chat =>
  create(ChatSchema, {
    model: 'auto',
    messages: [{ role: Role.USER, parts: [{ content: { case: 'text', value: text } }] }],
    ...init,
  });
const put = (tenant: string, question: string, text: string, rank = 3, chat = chatOf(question)) =>
  store(
    create(StoreRequestSchema, {
      tenant,
      chat,
      classification: classifier.classify(chat),
      rank,
      answer: {
        text,
        finishReason: FinishReason.STOP,
        cost: { nanoUsd: 70n },
        provenance: { source: Source.PROVIDER, provider: 'p', model: 'm', attempts: 1 },
      },
    }),
    parts,
  );
const get = (tenant: string, question: string, levels: Level[] = [], minimumRank = 0, chat = chatOf(question)) =>
  lookup(
    create(LookupRequestSchema, { tenant, chat, classification: classifier.classify(chat), levels, minimumRank }),
    parts,
  );
const indexed = () => eventually(() => index.pending === 0, { what: 'index writes' });

test('the same question is answered exactly, for nothing, and says what it saved', async () => {
  const stored = await put('a', 'What is the capital of France?', 'Paris.');
  assert.ok(stored.stored);
  const { answer } = await get('a', 'What is the capital of France?');
  assert.equal(answer?.text, 'Paris.');
  assert.deepEqual(
    [answer?.provenance?.source, answer?.provenance?.attempts, answer?.provenance?.reason],
    [Source.EXACT, 0, 'cache:exact'],
  );
  assert.deepEqual(
    [answer?.cost?.nanoUsd, answer?.cost?.savedNanoUsd, answer?.provenance?.entryId],
    [0n, 70n, stored.entryId],
  );
});

test('a light paraphrase is answered through the index, with a confidence that is not the cosine', async () => {
  await put('a', 'What is the capital of Spain?', 'Madrid.');
  await indexed();
  assert.equal(index.collections, 1);
  const { answer } = await get('a', 'what is the capital of spain');
  assert.deepEqual([answer?.text, answer?.provenance?.source], ['Madrid.', Source.SEMANTIC]);
  assert.ok((answer?.provenance?.confidence ?? 1) < 0.95);
});

test('a question that is only near is a miss that says why', async () => {
  const { answer, missReason } = await get('a', 'Which river runs through Hamburg?', [Level.SEMANTIC]);
  assert.deepEqual([answer, missReason], [undefined, 'below_threshold']);
});

test('another tenant, system prompt or model never sees it', async () => {
  const question = 'What is the capital of Spain?';
  assert.equal((await get('b', question)).answer, undefined);
  assert.equal((await get('a', question, [], 0, chatOf(question, { model: 'fast' }))).answer, undefined);
  const system = { role: Role.SYSTEM, parts: [{ content: { case: 'text' as const, value: 'Lie.' } }] };
  const asked = chatOf(question);
  assert.equal(
    (await get('a', question, [], 0, chatOf('', { messages: [system, ...asked.messages] }))).answer,
    undefined,
  );
});

test('an answer of a model below the asked rank is a miss, exactly and by meaning', async () => {
  await put('a', 'What is the capital of Portugal?', 'Lisbon.', 1);
  await indexed();
  assert.equal((await get('a', 'What is the capital of Portugal?', [Level.EXACT], 2)).missReason, 'below_rank');
  assert.equal((await get('a', 'what is the capital of portugal', [Level.SEMANTIC], 2)).answer, undefined);
  assert.ok((await get('a', 'what is the capital of portugal', [Level.SEMANTIC], 1)).answer);
});

test('times to live are as configured and a hit does not renew them', async () => {
  await put('ttl', 'How tall is Mont Blanc?', '4,806 m.');
  const left = async (kind: string) => {
    for await (const keys of state.scan(`rf:1:${kind}:*`)) {
      for (const key of keys) {
        const entryTenant = key.split(':')[3];
        if (entryTenant === tenantPart) return Number(await state.command('PTTL', key));
      }
    }
    return Number.NaN;
  };
  const tenantPart = await newestTenant();
  assert.ok((await left('x')) <= 3_600_000 && (await left('x')) > 3_590_000);
  assert.ok((await left('s')) <= 1_800_000 && (await left('s')) > 1_790_000);
  const before = await left('x');
  await get('ttl', 'How tall is Mont Blanc?');
  assert.ok((await left('x')) <= before);

  async function newestTenant(): Promise<string | undefined> {
    const { hash } = await import('node:crypto');
    return hash('sha256', 'refrain-tenant:ttl', 'hex').slice(0, 16);
  }
});

test('what is truncated, hot or a tool call is not kept, and the reason is given', async () => {
  const chat = chatOf('Tell me a story', { temperature: 1 });
  assert.equal((await put('a', '', 'Once.', 3, chat)).refusedReason, 'temperature');
  assert.equal((await put('a', 'x', '')).refusedReason, 'empty');
  assert.equal((await put('a', 'x', "I'm sorry, but I can't help with that.")).refusedReason, 'refusal');
});

test('a template marked always answers, and then stands under its exact key', async () => {
  const first = await get('a', 'When does the bakery open?', [Level.TEMPLATE]);
  assert.deepEqual(
    [first.answer?.text, first.answer?.provenance?.source],
    ['The bakery opens at nine.', Source.TEMPLATE],
  );
  assert.equal(first.answer?.provenance?.degraded, false);
  await eventually(async () => (await get('a', 'When does the bakery open?', [Level.EXACT])).answer !== undefined);
});

test('an entry that was removed is found by nobody, and another tenant’s name removes nothing', async () => {
  const { entryId } = await put('a', 'What is the capital of Norway?', 'Oslo.');
  await indexed();
  const remove = (tenant: string, dryRun = false) =>
    invalidate(create(InvalidateRequestSchema, { tenant, dryRun, selector: { case: 'entryId', value: entryId } }), {
      state,
      index,
      log: silentLog,
    });
  assert.equal((await remove('b')).removed, 0);
  assert.equal((await remove('a', true)).removed, 1);
  assert.ok((await get('a', 'What is the capital of Norway?')).answer);
  assert.equal((await remove('a')).removed, 1);
  assert.equal((await get('a', 'What is the capital of Norway?')).answer, undefined);
  assert.equal((await get('a', 'what is the capital of norway', [Level.SEMANTIC])).answer, undefined);
  await assert.rejects(
    invalidate(create(InvalidateRequestSchema, { tenant: 'a', selector: { case: 'entryId', value: '*' } }), {
      state,
      index,
      log: silentLog,
    }),
    { code: 'invalid' },
  );
});

test('a whole tenant goes without touching its neighbour', async () => {
  await put('gone', 'How far is the moon?', '384,400 km.');
  await put('stays', 'How far is the moon?', '384,400 km.');
  const request = create(InvalidateRequestSchema, { tenant: 'gone', selector: { case: 'all', value: true } });
  assert.equal((await invalidate(request, { state, index, log: silentLog })).removed, 1);
  assert.equal((await get('gone', 'How far is the moon?')).answer, undefined);
  assert.ok((await get('stays', 'How far is the moon?')).answer);
});

test('there are never more collections than allowed; the rest is compared in process', async () => {
  for (const tenant of ['t1', 't2', 't3', 't4', 't5']) {
    await put(tenant, 'Who painted the Mona Lisa?', 'Leonardo.');
    await indexed();
    assert.ok(index.collections <= 3);
  }
  assert.ok((await get('t1', 'who painted the mona lisa', [Level.SEMANTIC])).answer);
});

test('without Chroma small partitions still answer; when it comes back empty it is filled again from Redis', async () => {
  await put('c', 'What is the capital of Italy?', 'Rome.');
  await indexed();
  await chroma.kill();
  assert.equal((await get('c', 'what is the capital of italy', [Level.SEMANTIC])).answer?.text, 'Rome.');
  await eventually(() => !index.ready);
  await chroma.restart({ empty: true });
  await eventually(() => index.ready);
  await put('c', 'What is the capital of Poland?', 'Warsaw.');
  await indexed();
  assert.equal((await get('c', 'what is the capital of italy', [Level.SEMANTIC])).answer?.text, 'Rome.');
});

test('an embedder that dies is replaced, and meanwhile exact answers go on', async () => {
  const { pid } = embedder;
  assert.ok(pid);
  process.kill(pid, 'SIGKILL');
  await eventually(() => !embedder.ready);
  assert.equal((await get('c', 'how old is the universe', [Level.SEMANTIC])).missReason, 'no_model');
  assert.ok((await get('c', 'What is the capital of Italy?')).answer);
  await eventually(() => embedder.ready, { timeoutMs: 20_000 });
  assert.notEqual(embedder.pid, pid);
});

test('without Redis every lookup is a miss at once, and it works again when Redis is back', async () => {
  await redis.kill();
  assert.equal((await get('c', 'What is the capital of Italy?', [Level.EXACT])).answer, undefined);
  assert.equal((await put('c', 'Is this kept?', 'No.')).stored, false);
  await redis.restart();
  await eventually(async () => (await put('c', 'Is this kept?', 'Yes.')).stored);
  assert.equal((await get('c', 'Is this kept?', [Level.EXACT])).answer?.text, 'Yes.');
});
