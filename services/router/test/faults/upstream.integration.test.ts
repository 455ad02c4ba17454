/**
 * What upstreams do wrong, seen through the whole mesh. Before the first token provider `two` takes over and nobody notices; after it
 * the answer breaks off with an error. What broke off is never cached, and the provider is asked again as soon as it is well.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually, type Reply, startTrickle } from '@refrain/testkit';
import { startMesh, type TestMesh } from '../start-mesh.ts';
import { ask } from './ask.ts';
import { doors, type Outcome } from './outcome.ts';
import {
  answerRightly,
  freshQuestion,
  more,
  questionIn,
  rightAnswer,
  sameMeaningOnly,
  teach,
  wrongOnes,
} from './steady.ts';

const patienceMs = 400;
let mesh: TestMesh;
before(async () => {
  mesh = await startMesh({ extra: sameMeaningOnly, patienceMs });
});
after(() => mesh.stop());

interface Case {
  readonly name: string;
  /** What provider `one` does to every question. */
  readonly does: Reply;
  /** Upstream calls until the answer of `two` comes. */
  readonly attempts: number;
}

describe('before the first token another provider answers, whole and undegraded, and the answer is kept:', () => {
  const cases: readonly Case[] = [
    { name: 'a 500 (asked once more first)', does: { fault: { kind: 'failed' } }, attempts: 3 },
    { name: 'an overload', does: { fault: { kind: 'overloaded' } }, attempts: 2 },
    { name: 'a model that is gone', does: { fault: { kind: 'model_missing' } }, attempts: 2 },
    { name: 'silence before the headers', does: { hang: 'headers' }, attempts: 2 },
    { name: 'silence before the first token', does: { hang: 'first_token' }, attempts: 2 },
    {
      name: 'a connection cut before the first token (asked once more first)',
      does: { cut: 'first_token' },
      attempts: 3,
    },
    {
      name: 'an error event with status 200 (asked once more first)',
      does: { errorEvent: 'first_token' },
      attempts: 3,
    },
    { name: "a proxy's HTML page with status 200", does: { nonsense: 'html' }, attempts: 2 },
    { name: 'a whole answer without a word', does: { text: '' }, attempts: 2 },
  ];
  for (const { name, does, attempts } of cases) {
    test(name, async () => {
      answerRightly(mesh);
      mesh.one.otherwise(does);
      const before = mesh.one.count;
      const began = performance.now();
      const outcomes = await Promise.all(doors.map((door) => ask(mesh, door, freshQuestion())));
      const took = performance.now() - began;
      for (const { attempts: counted, degraded, door, error, provider, question, text } of outcomes) {
        assert.deepEqual([error, provider, text, degraded], [undefined, 'two', rightAnswer(question), false], door);
        // The HTTP face tells it with the last event, gRPC with the last message.
        assert.equal(counted, attempts, door);
      }
      assert.equal(mesh.one.count - before, doors.length * (attempts - 1));
      assert.ok(took < 2 * patienceMs + 1500, `${took} ms`);
      for (const { question } of outcomes) await teach(mesh, question);
    });
  }
});

describe('after the first token the answer breaks off with an error, never in silence, and is not kept:', () => {
  const cases: readonly { name: string; does: Reply; reason: string }[] = [
    { name: 'a hang', does: { hang: 'middle' }, reason: 'UPSTREAM_SILENT' },
    { name: 'a cut connection', does: { cut: 'middle' }, reason: 'CONNECTION_FAILED' },
    { name: 'an error event', does: { errorEvent: 'middle', paceMs: 10 }, reason: 'UPSTREAM_FAILED' },
    { name: 'a chunk that is no JSON', does: { nonsense: 'json', paceMs: 10 }, reason: 'MALFORMED' },
    {
      name: 'an early end without [DONE]',
      does: { missingEnd: true, paceMs: 10 },
      reason: 'TRUNCATED',
    },
  ];
  for (const { name, does, reason } of cases) {
    test(name, async () => {
      answerRightly(mesh);
      mesh.one.otherwise((call) => ({ text: rightAnswer(questionIn(call)), chunks: 4, ...does }));
      const before = mesh.two.count;
      const outcomes = await Promise.all(doors.map((door) => ask(mesh, door, freshQuestion())));
      for (const outcome of outcomes) assertBrokenOff(outcome, reason);
      assert.equal(mesh.two.count, before, 'nobody else goes on with what was begun');
      answerRightly(mesh);
      for (const { question } of outcomes) {
        const again = await ask(mesh, 'http', question);
        assert.deepEqual([again.source, again.text], ['provider', rightAnswer(question)]);
      }
    });
  }
});

test('a stream that drips slowly but surely is heard to its end, though it takes longer than the patience', async () => {
  answerRightly(mesh, () => ({ chunks: 10, paceMs: patienceMs / 4 }));
  const outcomes = await Promise.all(doors.map((door) => ask(mesh, door, freshQuestion())));
  for (const { error, provider, question, text } of outcomes) {
    assert.deepEqual([error, provider, text], [undefined, 'one', rightAnswer(question)]);
  }
});

test('a caller that leaves ends the work upstream within 100 ms, and what was begun is not kept', async () => {
  answerRightly(mesh, () => ({ chunks: 25, paceMs: 20 }));
  for (const door of doors) {
    const question = freshQuestion();
    const leaving = new AbortController();
    const calls = mesh.one.count;
    const asked = ask(mesh, door, question, { signal: leaving.signal });
    await eventually(() => mesh.one.count > calls, { what: 'the question at its upstream' });
    const call = mesh.one.calls.at(-1);
    leaving.abort();
    const leftAt = performance.now();
    await eventually(() => call?.abortedAtMs !== undefined, { what: 'the upstream to be left' });
    const ms = (call?.abortedAtMs ?? Number.POSITIVE_INFINITY) - leftAt;
    assert.ok(ms < 100, `${door}: the upstream worked on for ${ms} ms`);
    assert.notEqual((await asked).error, undefined);
    assert.equal((await ask(mesh, 'grpc', question)).source, 'provider');
  }
});

test('a thousand who ask the same, before, while and after it is answered, cost one call upstream', async () => {
  answerRightly(mesh, () => ({ chunks: 5, paceMs: 50 }));
  const question = freshQuestion();
  const calls = mesh.one.count + mesh.two.count;
  const asking = startTrickle(1, (n) => ask(mesh, doors[n % doors.length] ?? 'grpc', question));
  await more(asking, 1000);
  const outcomes = await asking.stop();
  assert.deepEqual(wrongOnes(outcomes), []);
  assert.equal(mesh.one.count + mesh.two.count, calls + 1);
  const sources = new Set(outcomes.map(({ value }) => value.source));
  assert.ok(sources.has('coalesced') && sources.has('exact'), [...sources].join());
  assert.equal(outcomes.filter(({ value }) => value.source === 'provider').length, 1);
});

test('an upstream that refuses connections is passed over within 2 s', async () => {
  answerRightly(mesh);
  await mesh.one.stop();
  const began = performance.now();
  const outcomes = await Promise.all(doors.map((door) => ask(mesh, door, freshQuestion())));
  assert.ok(performance.now() - began < 2000);
  for (const { error, provider, question, text } of outcomes) {
    assert.deepEqual([error, provider, text], [undefined, 'two', rightAnswer(question)]);
  }
});

function assertBrokenOff({ door, error, question, text }: Outcome, reason: string): void {
  const code = { http: '502', 'http-stream': '200', grpc: 'midstream', 'grpc-stream': 'midstream' }[door];
  assert.deepEqual([error?.code, error?.reason], [code, reason], door);
  if (!door.endsWith('stream')) return;
  assert.ok(text !== '' && rightAnswer(question).startsWith(text), `${door}: ${text}`);
}
