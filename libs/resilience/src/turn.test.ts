import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerIsOut, turnIsOver } from './turn.ts';

test('a turn is over when all that followed at once is done, for all that wait in it together', async () => {
  const order: string[] = [];
  const first = turnIsOver();
  assert.equal(turnIsOver(), first);
  const over = first.then(() => order.push('over'));
  process.nextTick(() => order.push('tick'));
  void Promise.resolve().then(() => order.push('promise'));
  await over;
  assert.deepEqual(order.toSorted(), ['over', 'promise', 'tick']);
  assert.equal(order.at(-1), 'over');
  assert.notEqual(turnIsOver(), first);
});

test('an answer is out a turn later than what it is written in', async () => {
  const order: string[] = [];
  const out = answerIsOut().then(() => order.push('out'));
  await turnIsOver();
  order.push('first');
  await turnIsOver();
  order.push('second');
  await out;
  assert.deepEqual(order.toSorted(), ['first', 'out', 'second']);
  assert.equal(order[0], 'first');
});
