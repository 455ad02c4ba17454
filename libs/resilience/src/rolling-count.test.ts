import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RollingCount } from './rolling-count.ts';

test('what happened in the window counts, what is older is forgotten bit by bit, and all of it after a long rest', () => {
  let now = 5000;
  const count = new RollingCount(1200, { now: () => now });
  for (let i = 0; i < 12; i += 1) {
    count.add();
    now += 100;
  }
  assert.equal(count.total, 11, 'the first is just over');
  now += 500;
  assert.equal(count.total, 6);
  count.add();
  assert.equal(count.total, 7);
  now += 100_000;
  assert.equal(count.total, 0);
  count.add();
  assert.equal(count.total, 1);
});
