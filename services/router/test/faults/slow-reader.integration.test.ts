/**
 * Callers that do not take what they asked for. The worker hears the upstream to its end and keeps an answer once, 8 MiB at most; the
 * router keeps it once for all who listen, and writes to each only as fast as it reads. So what slow callers cost is bounded, and nobody
 * else waits for them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { RouterService, StreamCompleteRequestSchema } from '@refrain/contracts';
import { createGrpcClient } from '@refrain/rpc';
import { eventually } from '@refrain/testkit';
import { readEvents } from '../read-events.ts';
import { exactOnly, startMesh, type TestMesh } from '../start-mesh.ts';
import { ask } from './ask.ts';
import { chatOf } from './ask-grpc.ts';
import { doors } from './outcome.ts';
import { freshQuestion, questionIn, rightAnswer } from './steady.ts';

const pieces = 4000;
const long = 'A long story that does not end yet. '.repeat(50 * pieces);
const slowCallers = 60;
/** Of both processes, in MiB: enough for their work and the answer, not for what would wait for such callers (190 and more). */
const heap = { NODE_OPTIONS: '--max-old-space-size=144' };

/** Asks, takes the first of the answer, and the rest when `read` is called. */
interface Caller {
  read(): Promise<string>;
  leave(): Promise<unknown>;
}

async function overHttp({ http }: TestMesh, question: string): Promise<Caller> {
  const body = { model: 'one/large', stream: true, messages: [{ role: 'user', content: question }] };
  const response = await fetch(`${http}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200);
  type Event = { error?: { code: string }; choices?: { delta: { content?: string } }[] };
  return {
    read: async () => {
      const texts: string[] = [];
      for await (const { choices, error } of readEvents<Event>(response)) {
        if (error) return `${texts.join('')} ${error.code}`;
        texts.push(choices?.[0]?.delta.content ?? '');
      }
      return texts.join('');
    },
    leave: async () => response.body?.cancel(),
  };
}

async function overGrpc({ router }: TestMesh, question: string): Promise<Caller> {
  // Connections of their own: what is not read there must not stand in the way of others.
  const slow = createGrpcClient(RouterService, router.ready.grpc ?? '');
  const request = create(StreamCompleteRequestSchema, { chat: chatOf(question, 'one/large') });
  const events = slow.streamComplete(request)[Symbol.asyncIterator]();
  assert.equal((await events.next()).value?.event.case, 'started');
  return {
    read: async () => {
      const texts: string[] = [];
      for (let step = await events.next(); !step.done; step = await events.next()) {
        if (step.value.event.case === 'delta') texts.push(step.value.event.value.text);
      }
      return texts.join('');
    },
    leave: async () => events.return?.(),
  };
}

for (const [door, open] of Object.entries({ HTTP: overHttp, gRPC: overGrpc })) {
  test(`callers that read nothing by ${door} fill neither router nor worker, disturb nobody, and get all when they read`, async (t) => {
    const mesh = await startMesh({ extra: exactOnly, patienceMs: 20_000, router: heap, workers: heap });
    t.after(() => mesh.stop());
    mesh.one.script({ text: long, chunks: pieces, paceMs: 2 });
    mesh.one.otherwise((call) => ({ text: rightAnswer(questionIn(call)) }));
    const question = freshQuestion();
    const callers = await Promise.all(Array.from({ length: slowCallers }, () => open(mesh, question)));
    await eventually(() => mesh.one.calls[0]?.finishedAtMs !== undefined, {
      what: 'the upstream to have said all',
      timeoutMs: 60_000,
    });
    assert.equal(mesh.one.count, 1, 'they are one flight');
    for (const each of doors) {
      const other = freshQuestion();
      assert.equal((await ask(mesh, each, other, { model: 'one/large' })).text, rightAnswer(other));
    }
    for (const caller of callers.splice(0, 3)) assert.ok((await caller.read()) === long, 'nothing is missing');
    for (const caller of callers) await caller.leave();
  });
}
