/** What a caller may ask beside its question: of the cache, of the fallback, of time; and what it may tell and look up. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  CacheMode,
  CompleteRequestSchema,
  ExplainRequestSchema,
  FallbackMode,
  FeedbackRequestSchema,
  type OptionsSchema,
  Source,
  Verdict,
} from '@refrain/contracts';
import { type Answering, eventually } from '@refrain/testkit';
import { type Doors, openDoors } from './doors.ts';
import { chatOf } from './question.ts';
import { meshYaml, startMesh, type TestMesh } from './start-mesh.ts';

describe('what a caller may say', { timeout: 120_000 }, () => {
  let mesh: TestMesh;
  let doors: Doors;
  before(async () => {
    mesh = await startMesh();
    doors = await openDoors(mesh);
    answerAnew();
  });
  after(async () => {
    await doors?.close();
    await mesh?.stop();
  });

  const upstreams = (reply: Answering) => {
    for (const upstream of [mesh.one, mesh.two]) upstream.otherwise(reply);
  };
  const answerAnew = () => upstreams(() => ({ text: `Answer ${mesh.one.count}.` }));
  type Options = Exclude<MessageInitShape<typeof OptionsSchema>, { $typeName: string }>;
  const grpc = async (question: string, options: Options = {}, timeoutMs?: number) => {
    const request = create(CompleteRequestSchema, { chat: chatOf(question), options });
    const { answer } = await mesh.client.complete(request, timeoutMs === undefined ? {} : { timeoutMs });
    assert.ok(answer?.provenance);
    return { text: answer.text, ...answer.provenance };
  };
  const http = (question: string, headers: Record<string, string> = {}) =>
    fetch(`${mesh.http}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ messages: [{ role: 'user', content: question }] }),
    });
  const sourceOf = async (question: string, headers: Record<string, string> = {}) =>
    (await http(question, headers)).headers.get('x-refrain-source');
  const known = async (question: string) => {
    await eventually(async () => (await grpc(question)).source === Source.EXACT, { what: 'the answer to be kept' });
    return grpc(question);
  };

  it('off: the cache is neither read nor written, by any door', async () => {
    const { text } = await known('What is off?');
    for (const headers of [{ 'x-refrain-cache': 'off' }, { 'cache-control': 'no-cache, no-store' }])
      assert.equal(await sourceOf('What is off?', headers), 'provider');
    const asked = { cache: CacheMode.OFF };
    assert.equal((await grpc('What is off?', asked)).source, Source.PROVIDER);
    const options = create(CompleteRequestSchema, { options: asked }).options;
    assert.equal((await doors.by['nats json'](chatOf('What is off?'), options)).source, 'provider');
    assert.equal((await grpc('What is off?')).text, text);
  });

  it('refresh: the question is asked anew and the new answer is kept', async () => {
    const { text } = await known('What is fresh?');
    for (const headers of [{ 'x-refrain-cache': 'refresh' }, { 'cache-control': 'no-cache' }])
      assert.equal(await sourceOf('What is fresh?', headers), 'provider');
    const renewed = await grpc('What is fresh?', { cache: CacheMode.REFRESH });
    assert.equal(renewed.source, Source.PROVIDER);
    await eventually(async () => (await grpc('What is fresh?')).text === renewed.text, { what: 'the new answer' });
    assert.notEqual(renewed.text, text);
  });

  it('read-only: what is known answers, what is new is not kept', async () => {
    const { text } = await known('What is read only?');
    for (const headers of [{ 'x-refrain-cache': 'read-only' }, { 'cache-control': 'no-store' }]) {
      assert.equal(await sourceOf('What is read only?', headers), 'exact');
      assert.equal(await sourceOf('What is not to be kept?', headers), 'provider');
    }
    assert.equal((await grpc('What is read only?', { cache: CacheMode.READ_ONLY })).text, text);
    assert.equal((await grpc('What is not to be kept?')).source, Source.PROVIDER);
  });

  it('a confidence that no paraphrase reaches makes it a miss', async () => {
    await known('What is the capital of Portugal?');
    // Another exact key, the same meaning to an embedder that does not see case.
    const paraphrase = 'what is the capital of portugal?';
    await eventually(async () => (await grpc(paraphrase, { cache: CacheMode.READ_ONLY })).source === Source.SEMANTIC, {
      what: 'the index to know the question',
    });
    const strict = { cache: CacheMode.READ_ONLY, minimumConfidence: 0.99999 };
    assert.equal((await grpc(paraphrase, strict)).source, Source.PROVIDER);
    const headers = { 'x-refrain-cache': 'read-only', 'x-refrain-minimum-confidence': '0.99999' };
    assert.equal(await sourceOf(paraphrase, headers), 'provider');
  });

  it('fallback none: rather the error than a template', async () => {
    upstreams({ fault: { kind: 'overloaded' } });
    assert.equal(await sourceOf('Who answers now?'), 'template');
    const refused = await http('Who answers now?', { 'x-refrain-fallback': 'none' });
    const { error } = (await refused.json()) as { error: object };
    assert.equal(refused.status, 503);
    assert.deepEqual(error, {
      message: 'The provider is overloaded.',
      type: 'api_error',
      param: null,
      code: 'upstream_overloaded',
    });
    const options = { fallback: FallbackMode.NONE };
    await assert.rejects(grpc('Who answers now?', options), { code: 'overloaded', reason: 'UPSTREAM_OVERLOADED' });
    const message = create(CompleteRequestSchema, { options }).options;
    await assert.rejects(doors.by['nats json'](chatOf('Who answers now?'), message), {
      message: /^NATS answered 503: /,
    });
    answerAnew();
  });

  it('a deadline is kept: a template answers in time, or the error comes in time', async () => {
    upstreams({ hang: 'headers' });
    const within = async <T>(limitMs: number, asking: Promise<T>): Promise<T> => {
      const began = performance.now();
      const result = await asking;
      const ms = performance.now() - began;
      assert.ok(ms < limitMs, `${ms} ms`);
      return result;
    };
    const deadline = { 'x-refrain-timeout-ms': '600' };
    assert.equal(await within(800, sourceOf('Who is slow?', deadline)), 'template');
    assert.equal((await within(600, grpc('Who is slow?', {}, 600))).source, Source.TEMPLATE);
    const late = await within(800, http('Who is slow?', { ...deadline, 'x-refrain-fallback': 'none' }));
    assert.equal(late.status, 504);
    assert.equal(((await late.json()) as { error: { code: string } }).error.code, 'deadline');
    answerAnew();
  });

  it('explain says what would happen, asks nobody, and what it says happens', async () => {
    const asked = mesh.one.count;
    const explain = async () =>
      mesh.client.explain(create(ExplainRequestSchema, { chat: chatOf('What would happen?') }));
    const before = await explain();
    assert.deepEqual([before.cacheable, before.semantic, before.cacheSource], [true, true, Source.UNSPECIFIED]);
    assert.deepEqual(
      before.routes.map(({ provider, model }) => `${provider}/${model}`),
      ['absent/large', 'one/large', 'two/large'],
    );
    assert.ok((before.routes[1]?.estimatedNanoUsd ?? 0n) > 0n);
    assert.equal(mesh.one.count, asked);
    const { entryId } = await known('What would happen?');
    const after = await explain();
    assert.deepEqual([after.cacheSource, after.cacheEntryId], [Source.EXACT, entryId]);
    const response = await fetch(`${mesh.http}/v1/refrain/explain`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"messages":[{"role":"user","content":"What would happen?"}]}',
    });
    const body = (await response.json()) as Record<string, unknown>;
    assert.deepEqual([body.exactKey, body.cacheEntryId], [after.exactKey, entryId]);
  });

  for (const door of ['gRPC', 'HTTP'] as const) {
    it(`feedback by ${door}: a wrong answer is never served again, to nobody and to no paraphrase`, async () => {
      const question = `Which river runs through Hamburg, asked by ${door}?`;
      const wrong = await known(question);
      const paraphrase = question.toLowerCase();
      await eventually(async () => (await grpc(paraphrase)).source === Source.SEMANTIC, {
        what: 'the paraphrase to be a hit',
      });
      const judge = async (verdict: Verdict) => {
        if (door === 'gRPC')
          return mesh.client.feedback(create(FeedbackRequestSchema, { entryId: wrong.entryId, verdict }));
        const response = await fetch(`${mesh.http}/v1/refrain/feedback`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            entryId: wrong.entryId,
            verdict: verdict === Verdict.WRONG ? 'VERDICT_WRONG' : 'VERDICT_RIGHT',
          }),
        });
        return (await response.json()) as { removed: number };
      };
      assert.equal((await judge(Verdict.RIGHT)).removed, 0);
      assert.equal((await grpc(question)).text, wrong.text);
      assert.equal((await judge(Verdict.WRONG)).removed, 1);
      upstreams({ text: 'The Elbe.' });
      for (const text of [question, paraphrase]) assert.equal((await grpc(text)).text, 'The Elbe.');
      answerAnew();
    });
  }

  it('models are auto, the aliases and every model; each can be looked up and asked for', async () => {
    const list = (await (await fetch(`${mesh.http}/v1/models`)).json()) as { object: string; data: { id: string }[] };
    assert.equal(list.object, 'list');
    assert.deepEqual(
      list.data.map(({ id }) => id),
      ['auto', 'best', 'one/large', 'two/large', 'absent/large'],
    );
    for (const id of ['two/large', 'two%2Flarge']) {
      const one = await (await fetch(`${mesh.http}/v1/models/${id}`)).json();
      assert.deepEqual(one, { id: 'two/large', object: 'model', created: 0, owned_by: 'two' });
    }
    const body = JSON.stringify({ model: 'two/large', messages: [{ role: 'user', content: 'Who is two?' }] });
    const response = await fetch(`${mesh.http}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    assert.equal(response.headers.get('x-refrain-provider'), 'two');
    assert.equal(response.headers.get('x-refrain-reason'), 'pinned');
  });

  it('the limit of a request follows a reload, by every door', async () => {
    const long = `What is long? ${'x'.repeat(500)}`;
    for (const ask of Object.values(doors.by)) await ask(chatOf(long));
    await writeFile(mesh.configFile, meshYaml(mesh.one, mesh.two, { extra: 'limits: { requestBytes: 400 }\n' }));
    await eventually(() => mesh.router.output().includes('refrain.yaml was read again'), { what: 'the reload' });
    for (const [name, ask] of Object.entries(doors.by)) {
      await assert.rejects(ask(chatOf(long)), /larger than 400 bytes/, name);
      await ask(chatOf('What is short?'));
    }
  });
});
