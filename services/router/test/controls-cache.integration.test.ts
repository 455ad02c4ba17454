/** What a caller may ask of the cache about one request: how long, how old, under which names, from there or not at all. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  CacheMode,
  CompleteRequestSchema,
  ExplainRequestSchema,
  InvalidateRequestSchema,
  OptionsSchema,
  Source,
} from '@refrain/contracts';
import type { RefrainError } from '@refrain/errors';
import { eventually } from '@refrain/testkit';
import { type DoorName, type Doors, doorNames, openDoors } from './doors.ts';
import { chatOf } from './question.ts';
import { exactOnly, startMesh, type TestMesh } from './start-mesh.ts';

type Init = Exclude<MessageInitShape<typeof OptionsSchema>, { $typeName: string }>;

describe('what a caller may ask of the cache', { timeout: 120_000 }, () => {
  let mesh: TestMesh;
  let doors: Doors;
  before(async () => {
    mesh = await startMesh({ extra: exactOnly });
    doors = await openDoors(mesh);
    mesh.one.otherwise(() => ({ text: `Answer ${mesh.one.count}.` }));
  });
  after(async () => {
    await doors?.close();
    await mesh?.stop();
  });

  const ask = (door: DoorName, question: string, options: Init = {}) =>
    doors.by[door](chatOf(question), create(OptionsSchema, options));
  const explain = (question: string, options: Init = {}) =>
    mesh.client.explain(create(ExplainRequestSchema, { chat: chatOf(question), options }));
  const isKept = (question: string) =>
    eventually(async () => (await explain(question)).cacheSource === Source.EXACT, { what: 'the answer to be kept' });
  const http = (question: string, headers: Record<string, string> = {}) =>
    fetch(`${mesh.http}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ messages: [{ role: 'user', content: question }] }),
    });

  for (const door of doorNames) {
    it(`${door}: an answer lives as long as was asked, and goes with its tag`, async () => {
      const question = `What is kept by ${door}?`;
      const options = { ttlSeconds: 600, tags: ['faq', `by ${door}`] };
      await ask(door, question, options);
      await isKept(question);
      const { answer } = await mesh.client.complete(create(CompleteRequestSchema, { chat: chatOf(question) }));
      const { ttlSeconds = 0 } = answer?.provenance ?? {};
      assert.ok(ttlSeconds > 500 && ttlSeconds <= 600, `${ttlSeconds} s`);
      const selector = { case: 'tag' as const, value: `by ${door}` };
      const { removed } = await mesh.cacheClient.invalidate(
        create(InvalidateRequestSchema, { tenant: 'local', selector, actor: 'test' }),
      );
      assert.equal(removed, 1);
      assert.equal((await explain(question)).cacheSource, Source.UNSPECIFIED);
    });
  }

  it('by every door: an answer that is older than was asked for is a miss, a younger one is not', async () => {
    const questionOf = (door: DoorName) => `How old is it by ${door}?`;
    const texts = new Map<DoorName, string>();
    for (const door of doorNames) texts.set(door, (await ask(door, questionOf(door))).text);
    for (const door of doorNames) await isKept(questionOf(door));
    const ageOf = async (door: DoorName) => Number((await http(questionOf(door))).headers.get('age'));
    for (const door of doorNames)
      await eventually(async () => (await ageOf(door)) >= 2, { what: 'the answer to be two seconds old' });
    for (const [door, text] of texts) {
      const question = questionOf(door);
      assert.deepEqual([(await ask(door, question, { maxAgeSeconds: 3600 })).text, door], [text, door]);
      const fresh = await ask(door, question, { maxAgeSeconds: 1, cache: CacheMode.READ_ONLY });
      assert.deepEqual([fresh.source, door], ['provider', door]);
      assert.notEqual(fresh.text, text);
      assert.equal((await ask(door, question, { maxAgeSeconds: 0 })).source, 'provider', door);
    }
  });

  it('by every door: only what is cached answers, where only that may', async () => {
    await ask('grpc', 'What is known?');
    await isKept('What is known?');
    const asked = mesh.one.count;
    const options = { cache: CacheMode.ONLY_IF_CACHED };
    for (const door of doorNames) {
      assert.equal((await ask(door, 'What is known?', options)).source, 'exact', door);
      await assert.rejects(ask(door, 'What is not known?', options), (error) => {
        if (door.startsWith('grpc')) assert.equal((error as RefrainError).reason, 'NOT_CACHED');
        else assert.match((error as Error).message, door.startsWith('http') ? /^504: .*not_cached/ : /answered 404: /);
        return true;
      });
    }
    assert.equal(mesh.one.count, asked);
  });

  it('by every door: what is out of bounds is refused by its name, and nobody is asked', async () => {
    const asked = mesh.one.count;
    const faults: [field: string, header: string, options: Init][] = [
      ['options.ttl_seconds', 'x-refrain-cache-ttl', { ttlSeconds: 0 }],
      ['options.ttl_seconds', 'x-refrain-cache-ttl', { ttlSeconds: 86_401 }],
      ['options.tags', 'x-refrain-cache-tags', { tags: Array.from({ length: 17 }, (_, i) => `t${i}`) }],
      ['options.tags[0]', 'x-refrain-cache-tags', { tags: ['x'.repeat(65)] }],
    ];
    for (const [field, header, options] of faults) {
      for (const door of doorNames) {
        await assert.rejects(ask(door, 'What is wrong?', options), (error) => {
          if (door.startsWith('grpc')) assert.equal((error as RefrainError).fields[0]?.field, field);
          const name = door.startsWith('http') ? header : field;
          if (!door.startsWith('grpc'))
            assert.ok((error as Error).message.includes(`${name} must`), `${door}: ${error}`);
          return true;
        });
      }
    }
    await assert.rejects(ask('grpc', 'What is wrong?', { minimumConfidence: Number.NaN }), { code: 'invalid' });
    await assert.rejects(ask('grpc', 'What is wrong?', { cache: 99 as CacheMode }), { code: 'invalid' });
    assert.equal(mesh.one.count, asked);
  });

  it('HTTP says what the cache had to do with it, how old the answer is and how long it is fresh', async () => {
    const told = async (headers: Record<string, string> = {}) => {
      const response = await http('What do headers tell?', headers);
      await response.arrayBuffer();
      return response.headers;
    };
    const missed = await told({ 'x-openrouter-cache': 'true', 'x-openrouter-cache-ttl': '300' });
    assert.deepEqual([missed.get('x-refrain-cache'), missed.get('age')], ['miss', null]);
    await isKept('What do headers tell?');
    const hit = await told();
    const ttl = Number(hit.get('x-refrain-cache-ttl'));
    assert.equal(hit.get('x-refrain-cache'), 'hit');
    assert.ok(ttl > 200 && ttl <= 300, `${ttl} s`);
    assert.match(hit.get('age') ?? '', /^\d+$/);
    assert.equal(hit.get('x-refrain-entry'), (await explain('What do headers tell?')).cacheEntryId);
    for (const headers of [{ 'cache-control': 'max-age=0, no-store' }, { 'x-openrouter-cache': 'false' }])
      assert.equal((await told(headers as Record<string, string>)).get('x-refrain-cache'), 'bypass');
    const refused = await http('What do headers tell?', { 'cache-control': 'max-age=soon' });
    assert.equal(((await refused.json()) as { error: { param: string } }).error.param, 'cache-control');
  });

  it('explain says how the answer would be used and kept, and which template always answers', async () => {
    const said = await explain('What would be kept?', { ttlSeconds: 60, tags: ['faq'], maxAgeSeconds: 0 });
    assert.deepEqual(
      [said.cacheMode, said.exactTtlSeconds, said.semanticTtlSeconds, said.tags],
      [CacheMode.REFRESH, 60, undefined, ['faq']],
    );
    const template = await explain('When do you open?');
    assert.deepEqual([template.template, template.cacheSource], ['hours', Source.TEMPLATE]);
  });
});
