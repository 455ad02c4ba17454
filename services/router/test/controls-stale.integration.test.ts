/** Answers past their time: served once more while a fresh one is asked for; and, long past it, where no provider answers. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { ExplainRequestSchema, FallbackMode, OptionsSchema, Source } from '@refrain/contracts';
import { eventually, type ServiceProcess } from '@refrain/testkit';
import { type DoorName, type Doors, doorNames, openDoors } from './doors.ts';
import { chatOf } from './question.ts';
import { startMesh, type TestMesh } from './start-mesh.ts';

type Init = Exclude<MessageInitShape<typeof OptionsSchema>, { $typeName: string }>;
const brief = { ttlSeconds: 1 };

/** A mesh with its doors, for one `describe`. */
function withMesh(cache: string) {
  const at = {} as { mesh: TestMesh; doors: Doors };
  before(async () => {
    at.mesh = await startMesh({ extra: `cache: ${cache}\n` });
    at.doors = await openDoors(at.mesh);
  });
  after(async () => {
    await at.doors?.close();
    await at.mesh?.stop();
  });
  const ask = (door: DoorName, question: string, options: Init = {}) =>
    at.doors.by[door](chatOf(question), create(OptionsSchema, options));
  const sourceNow = async (question: string) =>
    (await at.mesh.client.explain(create(ExplainRequestSchema, { chat: chatOf(question) }))).cacheSource;
  /** The question is answered, kept, and its time is over. */
  const outlived = async (question: string) => {
    const { text } = await ask('grpc', question, brief);
    await eventually(async () => (await sourceNow(question)) === Source.EXACT, { what: 'the answer to be kept' });
    await eventually(async () => (await sourceNow(question)) === Source.UNSPECIFIED, { what: 'its time to be over' });
    return text;
  };
  return { at, ask, sourceNow, outlived };
}

describe('when every provider is away', { timeout: 120_000 }, () => {
  const { at, ask, outlived } = withMesh('{ revalidateSeconds: 0, ttlJitter: 0 }');
  const question = 'What is the capital of Portugal?';
  let text = '';
  before(async () => {
    at.mesh.one.otherwise({ text: 'Lisbon, on the Tagus.', usage: { prompt: 10, completion: 5 } });
    text = await outlived(question);
    for (const upstream of [at.mesh.one, at.mesh.two]) upstream.otherwise({ fault: { kind: 'overloaded' } });
  });

  it('what was answered before answers by every door, degraded, and says so and how old it is', async () => {
    for (const door of doorNames) {
      const given = await ask(door, question);
      assert.deepEqual([given.text, given.source, given.degraded], [text, 'stale', true], door);
      assert.deepEqual([given.reason, given.provider, given.attempts], ['fallback:stale', 'one', 0], door);
      assert.deepEqual([given.nanoUsd, given.savedNanoUsd], [0, 20_000], door);
    }
    const body = JSON.stringify({ messages: [{ role: 'user', content: question }] });
    const { headers } = await fetch(`${at.mesh.http}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    assert.deepEqual(
      ['x-refrain-cache', 'x-refrain-source', 'x-refrain-cache-ttl'].map((name) => headers.get(name)),
      ['stale', 'stale', '0'],
    );
    assert.ok(Number(headers.get('age')) >= 1);
  });

  it('the same in other words is answered too', async () => {
    const given = await ask('grpc', 'what is the capital of portugal?');
    assert.deepEqual([given.text, given.source, given.degraded], [text, 'stale', true]);
  });

  it('who wants a younger answer, or asks afresh, gets a template; who wants neither gets the error', async () => {
    for (const door of doorNames) {
      assert.equal((await ask(door, question, { maxAgeSeconds: 1 })).source, 'template', door);
      assert.equal((await ask(door, question, { maxAgeSeconds: 0 })).source, 'template', door);
      await assert.rejects(ask(door, question, { fallback: FallbackMode.NONE }), /overloaded|503/, door);
    }
    assert.equal((await ask('grpc', question, { maxAgeSeconds: 3600 })).source, 'stale');
  });

  it('what was never answered is a template still', async () => {
    assert.equal((await ask('grpc', 'How do owls sleep?')).source, 'template');
  });

  it('it is not kept as a fresh answer: when the provider is back it is asked', async () => {
    at.mesh.one.otherwise({ text: 'Lisbon, as ever.' });
    const given = await ask('grpc', question);
    assert.deepEqual([given.text, given.source, given.degraded], ['Lisbon, as ever.', 'provider', false]);
  });
});

describe('when its time is just over', { timeout: 120_000 }, () => {
  const { at, ask } = withMesh('{ revalidateSeconds: 600, ttlJitter: 0, semantic: { enabled: false } }');
  let second: ServiceProcess;
  before(async () => {
    second = await at.mesh.start('router', { CACHE_ADDR: at.mesh.cache.ready.grpc ?? '' });
  });
  const over = async (question: string, http: string) => {
    const body = JSON.stringify({ messages: [{ role: 'user', content: question }] });
    const response = await fetch(`${http}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const { choices } = (await response.json()) as { choices: { message: { content: string } }[] };
    const { headers } = response;
    return {
      text: choices[0]?.message.content,
      source: headers.get('x-refrain-source'),
      isOver: headers.get('x-refrain-cache-ttl') === '0',
    };
  };
  const counted = async (outcome: string) => {
    const texts = await Promise.all(
      [at.mesh.router, second].map(async ({ ready }) => (await fetch(ready.metrics ?? '')).text()),
    );
    const line = new RegExp(`^refrain_revalidations_total\\{[^}]*outcome="${outcome}"[^}]*\\} (\\d+)`, 'm');
    return texts.reduce((sum, text) => sum + Number(line.exec(text)?.[1] ?? 0), 0);
  };

  it('a crowd on two routers hears the old answer at once, and one call fetches the new one', async () => {
    const question = 'What is the news?';
    at.mesh.one.script({ text: 'Old news.' }, { text: 'New news.', paceMs: 1000, chunks: 3 });
    await ask('grpc', question, brief);
    const asked = at.mesh.one.count;
    const routers = [at.mesh.http, second.ready.http ?? ''];
    await eventually(async () => (await over(question, routers[0] ?? '')).isOver, { what: 'its time to be over' });
    const crowd = await Promise.all(
      Array.from({ length: 50 }, (_, i) => over(question, routers[i % routers.length] ?? '')),
    );
    assert.deepEqual(new Set(crowd.map(({ source }) => source)), new Set(['exact']));
    assert.ok(crowd.some(({ text }) => text === 'Old news.'));
    await eventually(async () => (await over(question, routers[0] ?? '')).text === 'New news.', {
      what: 'the new answer',
    });
    const renewed = await over(question, routers[1] ?? '');
    assert.deepEqual([renewed.text, renewed.source, renewed.isOver], ['New news.', 'exact', false]);
    assert.equal(at.mesh.one.count - asked, 1);
    await eventually(async () => (await counted('asked')) === 1, { what: 'it to be counted' });
  });

  it('while the provider is away the old answer goes on, nobody hears an error, and it is not asked at every hit', async () => {
    const question = 'What is the weather?';
    at.mesh.one.script({ text: 'Fair.' });
    await ask('grpc', question, brief);
    for (const upstream of [at.mesh.one, at.mesh.two]) upstream.otherwise({ fault: { kind: 'overloaded' } });
    const asked = at.mesh.one.count;
    const beganAtMs = performance.now();
    await eventually(async () => (await over(question, at.mesh.http)).isOver, { what: 'its time to be over' });
    await eventually(async () => (await counted('overloaded')) > 0, { what: 'the failure to be counted' });
    for (let i = 0; i < 100; i += 1) assert.equal((await over(question, at.mesh.http)).text, 'Fair.');
    const rests = Math.floor((performance.now() - beganAtMs) / 5000);
    assert.ok(at.mesh.one.count - asked <= 1 + rests, `${at.mesh.one.count - asked} calls`);
  });

  it('a router that stops while it asks in the background stops in time', async () => {
    const question = 'What takes forever?';
    at.mesh.one.script({ text: 'Soon.' });
    await ask('grpc', question, brief);
    at.mesh.one.otherwise({ hang: 'headers' });
    const asked = at.mesh.one.count;
    const http = second.ready.http ?? '';
    await eventually(async () => (await over(question, http)).isOver, { what: 'its time to be over' });
    await eventually(() => at.mesh.one.count > asked, { what: 'the background to ask' });
    await second.stop();
    assert.doesNotMatch(second.output(), /stopping took too long/);
  });
});
