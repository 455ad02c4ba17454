import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefrainError } from '@refrain/errors';
import { silentLog } from '@refrain/testkit';
import { all, answerOf } from '../../test/question.ts';
import { wholeReply } from '../reply.ts';
import { logBugs, toStream } from './grpc.ts';

test('a stream says who answers, then what, and last everything but the text', async () => {
  const answer = answerOf('A monoid.', { requestId: 'r1', toolCalls: [{ id: 'c1', name: 'look' }] });
  const events = (await all(toStream(wholeReply(answer)))).map(({ event }) => event);
  const [started, said, called, completed, ...rest] = events;
  assert.ok(started?.case === 'started' && said?.case === 'delta' && called?.case === 'delta');
  assert.ok(completed?.case === 'completed');
  assert.deepEqual([started.value.requestId, started.value.provenance?.provider], ['r1', 'one']);
  assert.deepEqual([said.value.text, called.value.toolCalls[0]?.name], ['A monoid.', 'look']);
  const { text, toolCalls, cost, usage } = completed.value.answer ?? {};
  assert.deepEqual([text, toolCalls, cost, usage], ['', [], answer.cost, answer.usage]);
  assert.deepEqual(rest, []);
  assert.equal(answer.text, 'A monoid.');
});

test('bugs are logged with what is behind them, the errors of callers are not', () => {
  const said: unknown[] = [];
  const observe = logBugs({ ...silentLog, error: (fields) => said.push(fields) });
  const cause = new TypeError('a bug');
  observe('Complete', 'ok', 1);
  observe('Complete', 'invalid', 1, new RefrainError('invalid', 'No.'));
  observe('Complete', 'internal', 1, new RefrainError('internal', 'An internal error occurred.', { cause }));
  assert.deepEqual(said, [{ err: cause, method: 'Complete' }]);
});
