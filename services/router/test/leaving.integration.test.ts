/** A caller that leaves is not worked for: its upstream call ends within moments, unless somebody else listens. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { CompleteRequestSchema, StreamCompleteRequestSchema } from '@refrain/contracts';
import { eventually, type RecordedCall } from '@refrain/testkit';
import { faultsOf } from './log-faults.ts';
import { chatOf } from './question.ts';
import { startMesh, type TestMesh } from './start-mesh.ts';

/** From the departure to the closed connection upstream: some 10 ms, and the rest for a busy machine. */
const promptlyMs = 250;
const names = ['JSON', 'SSE', 'gRPC', 'gRPC stream'] as const;

describe('a caller that leaves', { timeout: 120_000 }, () => {
  let mesh: TestMesh;
  before(async () => {
    mesh = await startMesh();
  });
  after(() => mesh?.stop());

  /** Asks and reads whatever comes until it is made to leave. */
  type Ask = (question: string, signal: AbortSignal, heard: () => void) => Promise<unknown>;
  const post = async (question: string, stream: boolean, signal: AbortSignal, heard: () => void) => {
    const body = JSON.stringify({ stream, messages: [{ role: 'user', content: question }] });
    const response = await fetch(`${mesh.http}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal,
    });
    for await (const _ of response.body ?? []) heard();
  };
  const doors: Record<(typeof names)[number], Ask> = {
    JSON: (question, signal, heard) => post(question, false, signal, heard),
    SSE: (question, signal, heard) => post(question, true, signal, heard),
    gRPC: async (question, signal, heard) => {
      await mesh.client.complete(create(CompleteRequestSchema, { chat: chatOf(question) }), { signal });
      heard();
    },
    'gRPC stream': async (question, signal, heard) => {
      const request = create(StreamCompleteRequestSchema, { chat: chatOf(question) });
      for await (const { event } of mesh.client.streamComplete(request, { signal }))
        if (event.case === 'delta') heard();
    },
  };
  const lastCall = (): RecordedCall => {
    const call = mesh.one.calls.at(-1);
    assert.ok(call);
    return call;
  };
  /** Waits until the upstream sees the connection closed, and says how long after `leftAtMs` that was. */
  const closedAfter = async (call: RecordedCall, leftAtMs: number): Promise<number> => {
    await eventually(() => call.abortedAtMs !== undefined, { what: 'the upstream call to be aborted' });
    return (call.abortedAtMs ?? Number.POSITIVE_INFINITY) - leftAtMs;
  };

  for (const name of names) {
    for (const moment of ['headers', 'first_token'] as const) {
      it(`${name}, while the upstream is silent at its ${moment}`, async () => {
        const asked = mesh.one.count;
        mesh.one.script({ hang: moment });
        const gone = new AbortController();
        const nothing = () => assert.fail('nothing was said');
        const left = assert.rejects(doors[name](`Who hears ${name} at its ${moment}?`, gone.signal, nothing));
        await eventually(() => mesh.one.count > asked, { what: 'the upstream call' });
        const leftAtMs = performance.now();
        gone.abort();
        await left;
        const ms = await closedAfter(lastCall(), leftAtMs);
        assert.ok(ms < promptlyMs, `${ms} ms`);
        assert.equal(mesh.two.count, 0);
      });
    }
  }

  for (const name of ['SSE', 'gRPC stream'] as const) {
    it(`${name}, in the middle of an answer`, async () => {
      mesh.one.script({ text: 'A long answer that never ends.', hang: 'middle' });
      const gone = new AbortController();
      const { promise: heard, resolve } = Promise.withResolvers<void>();
      const left = assert.rejects(doors[name](`Who hears ${name} to its end?`, gone.signal, resolve));
      await heard;
      const leftAtMs = performance.now();
      gone.abort();
      await left;
      const ms = await closedAfter(lastCall(), leftAtMs);
      assert.ok(ms < promptlyMs, `${ms} ms`);
    });
  }

  it('a caller whose deadline passes has left too', async () => {
    mesh.one.script({ hang: 'headers' });
    const beganAtMs = performance.now();
    const request = create(CompleteRequestSchema, { chat: chatOf('Who waits no longer?'), options: { fallback: 1 } });
    await assert.rejects(mesh.client.complete(request, { timeoutMs: 500 }), { code: 'deadline' });
    const ms = await closedAfter(lastCall(), beganAtMs);
    assert.ok(ms < 500 + promptlyMs, `${ms} ms`);
  });

  it('does not stop those who asked the same; the last one does', async () => {
    const asked = mesh.one.count;
    mesh.one.script({ text: 'For all of you.', hang: 'middle' });
    const gone = new AbortController();
    const last = new AbortController();
    const { promise: lastHears, resolve } = Promise.withResolvers<void>();
    const signals = [...Array.from({ length: 12 }, () => gone.signal), last.signal];
    const ends = signals.map((signal, i) => {
      const isLast = signal === last.signal;
      const ask = doors[isLast ? 'SSE' : (names[i % names.length] ?? 'JSON')];
      return assert.rejects(ask('Who else asks this?', signal, isLast ? resolve : () => undefined));
    });
    await lastHears;
    assert.equal(mesh.one.count - asked, 1);
    gone.abort();
    await Promise.all(ends.slice(0, -1));
    // The router has seen all of them leave once it answers what was asked after them.
    await fetch(`${mesh.http}/v1/models`);
    assert.equal(lastCall().abortedAtMs, undefined);
    const leftAtMs = performance.now();
    last.abort();
    await ends.at(-1);
    const ms = await closedAfter(lastCall(), leftAtMs);
    assert.ok(ms < promptlyMs, `${ms} ms`);
  });

  it('is no error of the mesh', () => {
    assert.deepEqual(faultsOf(mesh.router), []);
    assert.doesNotMatch(mesh.workers.output(), /"level":"error"/);
  });
});
