/** Two routers of one mesh: what is asked on both at the same time is asked upstream once. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { create } from '@bufbuild/protobuf';
import {
  type Answer,
  CompleteRequestSchema,
  InvalidateRequestSchema,
  Role,
  RouterService,
  Source,
} from '@refrain/contracts';
import { createGrpcClient, type GrpcClient } from '@refrain/rpc';
import { eventually, type ServiceProcess } from '@refrain/testkit';
import { startMesh, type TestMesh } from './start-mesh.ts';

describe('two routers', { timeout: 120_000 }, () => {
  let mesh: TestMesh;
  let second: ServiceProcess;
  let other: GrpcClient<typeof RouterService>;
  let questions = 0;
  const fresh = () => {
    questions += 1;
    return `What is question number ${questions} of the day about?`;
  };
  const ask = async (client: typeof other, text: string, temperature?: number): Promise<Answer | undefined> => {
    const parts = [{ content: { case: 'text' as const, value: text } }];
    const chat = { messages: [{ role: Role.USER, parts }], ...(temperature !== undefined && { temperature }) };
    return (await client.complete(create(CompleteRequestSchema, { chat }))).answer;
  };
  /** Questions under way on the second router and on the one that is to die. */
  const underWay = async () => {
    const texts = await Promise.all(routers().map(async ({ ready }) => (await fetch(ready.metrics ?? '')).text()));
    return texts.reduce((sum, text) => sum + Number(/^refrain_flights\S* (\d+)/m.exec(text)?.[1] ?? 0), 0);
  };
  let third: ServiceProcess | undefined;
  const routers = () => [second, ...(third ? [third] : [])];
  const sources = (answers: readonly (Answer | undefined)[], source: Source) =>
    answers.filter((answer) => answer?.provenance?.source === source).length;

  before(async () => {
    mesh = await startMesh({ extra: 'cache: { semantic: { enabled: false } }' });
    second = await mesh.start('router', { CACHE_ADDR: mesh.cache.ready.grpc ?? '' });
    other = createGrpcClient(RouterService, second.ready.grpc ?? '');
    await eventually(async () => (await ask(other, fresh()))?.provenance?.source === Source.PROVIDER);
  });
  beforeEach(() => mesh.one.otherwise({}));
  after(async () => {
    other?.close();
    await mesh?.stop();
  });

  it('ask once for a thousand askers on both; one pays, the others book the saving', async () => {
    mesh.one.otherwise({ paceMs: 500, chunks: 4, text: 'One answer for all.' });
    const { count } = mesh.one;
    const text = fresh();
    const answers = await Promise.all(Array.from({ length: 1000 }, (_, i) => ask(i % 2 ? other : mesh.client, text)));
    assert.equal(mesh.one.count - count, 1);
    assert.ok(answers.every((answer) => answer?.text === 'One answer for all.'));
    assert.equal(sources(answers, Source.PROVIDER), 1);
    const paid = answers.filter((answer) => (answer?.cost?.nanoUsd ?? 0n) > 0n);
    assert.equal(paid.length, 1);
    const price = paid[0]?.cost?.nanoUsd;
    const followers = answers.filter((answer) => answer?.provenance?.source === Source.COALESCED);
    assert.ok(followers.length > 500, `${followers.length} shared`);
    assert.ok(followers.every((answer) => answer?.cost?.savedNanoUsd === price && answer?.provenance?.attempts === 0));
  });

  it('ask upstream for what is new alone: of a stream in which seven in ten repeat, three in ten', async () => {
    const { count } = mesh.one;
    const distinct = Array.from({ length: 300 }, fresh);
    const stream = Array.from({ length: 1000 }, (_, i) => distinct[(i * 7919) % distinct.length] ?? '');
    for (let from = 0; from < stream.length; from += 20) {
      const batch = stream.slice(from, from + 20);
      await Promise.all(batch.map((text, i) => ask(i % 2 ? other : mesh.client, text)));
    }
    assert.equal(mesh.one.count - count, distinct.length);
  });

  it('who comes late on the other router hears what was said, then the rest', async () => {
    mesh.one.otherwise({ paceMs: 100, chunks: 6, text: 'Slow and steady wins.' });
    const { count } = mesh.one;
    const text = fresh();
    const first = ask(mesh.client, text);
    await eventually(() => mesh.one.count > count);
    const [one, two] = await Promise.all([first, ask(other, text)]);
    assert.deepEqual([one?.text, two?.text], ['Slow and steady wins.', 'Slow and steady wins.']);
    assert.equal(two?.provenance?.source, Source.COALESCED);
    assert.equal(mesh.one.count - count, 1);
  });

  it('a follower hears on when the leader’s caller leaves', async () => {
    mesh.one.otherwise({ paceMs: 100, chunks: 8, text: 'Nobody stops this one.' });
    const { count } = mesh.one;
    const text = fresh();
    const abort = new AbortController();
    const parts = [{ content: { case: 'text' as const, value: text } }];
    const request = create(CompleteRequestSchema, { chat: { messages: [{ role: Role.USER, parts }] } });
    const leaving = mesh.client.complete(request, { signal: abort.signal });
    await eventually(() => mesh.one.count > count);
    const following = ask(other, text);
    await eventually(() => (mesh.one.calls.at(-1)?.finishedAtMs ?? 0) === 0, { what: 'the call to run' });
    setImmediate(() => abort.abort());
    await assert.rejects(leaving, { code: 'canceled' });
    assert.equal((await following)?.text, 'Nobody stops this one.');
    assert.ok(mesh.one.count - count <= 2, 'at most one more call, where the leader left before the worker had it');
  });

  it('a router that is killed in the middle of a stream costs the other neither its answer nor a second call', async () => {
    const dying = await mesh.start('router', { CACHE_ADDR: mesh.cache.ready.grpc ?? '' });
    third = dying;
    const leader = createGrpcClient(RouterService, dying.ready.grpc ?? '');
    await eventually(async () => (await ask(leader, fresh()))?.provenance?.source === Source.PROVIDER);
    mesh.one.otherwise({ paceMs: 150, chunks: 8, text: 'It outlives its first router.' });
    const { count } = mesh.one;
    const text = fresh();
    const lost = ask(leader, text).catch((error) => error);
    await eventually(() => mesh.one.count > count);
    const following = ask(other, text);
    await eventually(async () => (await underWay()) >= 2, { what: 'both routers to have the question' });
    third = undefined;
    await dying.kill();
    await lost;
    const answer = await following;
    assert.deepEqual([answer?.text, answer?.provenance?.source], ['It outlives its first router.', Source.COALESCED]);
    assert.equal(mesh.one.count - count, 1);
    leader.close();
    // The leader would have stored it; the one that heard the end does when its lease has run out.
    await eventually(async () => (await ask(other, text))?.text === 'It outlives its first router.');
  });

  it('what may not be cached is not shared', async () => {
    mesh.one.otherwise({ paceMs: 30 });
    const { count } = mesh.one;
    const text = fresh();
    await Promise.all([mesh.client, other, mesh.client, other].map((client) => ask(client, text, 0.9)));
    assert.equal(mesh.one.count - count, 4);
  });

  it('what was taken out of the cache is not shared any more, by neither router, though it was given a moment ago', async () => {
    const { count } = mesh.one;
    const text = fresh();
    await ask(mesh.client, text);
    await eventually(async () => (await ask(other, text))?.provenance?.source === Source.EXACT);
    const all = { case: 'all' as const, value: true };
    await mesh.cacheClient.invalidate(create(InvalidateRequestSchema, { tenant: 'local', selector: all }));
    assert.equal(mesh.one.count - count, 1);
    assert.equal((await ask(mesh.client, text))?.provenance?.source, Source.PROVIDER);
    assert.equal(mesh.one.count - count, 2);
  });

  it('an answer that was invalidated while it was made is told to those who heard it made, and to nobody else', async () => {
    mesh.one.otherwise({ paceMs: 100, chunks: 6, text: 'To be forgotten.' });
    const { count } = mesh.one;
    const text = fresh();
    const underway = ask(mesh.client, text);
    await eventually(() => mesh.one.count > count);
    const all = { case: 'all' as const, value: true };
    await mesh.cacheClient.invalidate(create(InvalidateRequestSchema, { tenant: 'local', selector: all }));
    assert.equal((await underway)?.text, 'To be forgotten.');
    mesh.one.otherwise({ text: 'Asked anew.' });
    await eventually(async () => (await ask(other, text))?.text === 'Asked anew.', {
      timeoutMs: 2000,
      what: 'a new one',
    });
  });

  it('without Redis each router asks for itself, and nobody waits for it', async () => {
    mesh.redis.freeze();
    try {
      const text = fresh();
      const { count } = mesh.one;
      const answers = await Promise.all([mesh.client, other].map((client) => ask(client, text)));
      assert.ok(answers.every((answer) => answer?.text === 'Hello from the upstream.'));
      assert.ok(mesh.one.count - count <= 2);
    } finally {
      mesh.redis.thaw();
    }
  });
});
