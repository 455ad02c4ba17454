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

test('what follows answers is gathered, and begins after their turns', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const order: string[] = [];
  const first = answerIsOut();
  const out = first.then(() => order.push('out'));
  await turnIsOver();
  order.push('turn');
  assert.equal(answerIsOut(), first);
  t.mock.timers.tick(5);
  await out;
  assert.deepEqual(order, ['turn', 'out']);
  assert.notEqual(answerIsOut(), first);
});
