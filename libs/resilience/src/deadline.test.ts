import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deadline } from './deadline.ts';

test('a deadline counts down with the clock, reaches zero and never goes below', () => {
  let now = 1_000_000;
  const deadline = new Deadline(500, { now: () => now });
  assert.equal(deadline.remainingMs(), 500);
  now += 499;
  assert.deepEqual([deadline.remainingMs(), deadline.expired()], [1, false]);
  now += 1;
  assert.deepEqual([deadline.remainingMs(), deadline.expired()], [0, true]);
  now += 60_000;
  assert.deepEqual([deadline.remainingMs(), deadline.expired()], [0, true]);
});

test('a deadline without time left is expired from the start', () => {
  assert.ok(new Deadline(0, { now: () => 7 }).expired());
  assert.ok(new Deadline(-1, { now: () => 7 }).expired());
});
