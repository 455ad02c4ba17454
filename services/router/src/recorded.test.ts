import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefrainError } from '@refrain/errors';
import { all, answerOf, questionOf } from '../test/question.ts';
import { recordedMetrics } from '../test/recorded-metrics.ts';
import { recorded } from './recorded.ts';
import { type Reply, type ReplyEvent, replay, wholeReply } from './reply.ts';
import { Recorder } from './steps/record.ts';

/** The reply of a question as it is recorded, and the lines of the record. */
function record(reply: Reply) {
  const metrics = recordedMetrics();
  const nothing = () => undefined;
  const cache = { storeMany: async () => assert.fail('nothing is stored here') };
  const recorder = new Recorder({ cache, metrics, events: { answered: nothing, failed: nothing } });
  return { reply: recorded(reply, questionOf('What is a monad?'), recorder), lines: metrics.lines };
}
const streamed = (events: () => AsyncIterable<ReplyEvent>): Reply => {
  const { requestId, provenance } = wholeReply(answerOf('A monoid.'));
  return { requestId, provenance, events };
};

test('a whole answer is recorded at once, however often it is read', async () => {
  const { lines, reply } = record(wholeReply(answerOf('A monoid.')));
  await all(reply.events());
  assert.deepEqual(lines, ['began provider', 'answered grpc one']);
});

test('a stream is recorded when it ends, once', async () => {
  const { lines, reply } = record(streamed(() => replay(answerOf('A monoid.'))));
  assert.deepEqual(lines, ['began provider']);
  await all(reply.events());
  assert.deepEqual(lines, ['began provider', 'answered grpc one']);
});

test('a reader that has the answer need not come back', async () => {
  const { lines, reply } = record(streamed(() => replay(answerOf('A monoid.'))));
  for await (const event of reply.events()) if (event.kind === 'completed') break;
  assert.deepEqual(lines, ['began provider', 'answered grpc one']);
});

test('a reader that leaves before is one that left', async () => {
  const { lines, reply } = record(streamed(() => replay(answerOf('A monoid.'))));
  for await (const event of reply.events()) if (event.kind === 'delta') break;
  assert.deepEqual(lines, ['began provider', 'failed grpc canceled']);
});

test('an answer that breaks off is recorded as what broke it', async () => {
  const { lines, reply } = record(
    streamed(async function* () {
      yield* [];
      throw new RefrainError('midstream', 'Cut.');
    }),
  );
  await assert.rejects(all(reply.events()), { code: 'midstream' });
  assert.deepEqual(lines, ['began provider', 'failed grpc midstream']);
});
