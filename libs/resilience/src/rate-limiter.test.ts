import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RateLimiter } from './rate-limiter.ts';

const start = 1_000_000;

function limiterAt(clock: { now: number }): RateLimiter {
  return new RateLimiter({ now: () => clock.now });
}

test("a minute's allowance may come at once, and the next call is told exactly when it may come", () => {
  const clock = { now: start };
  const limiter = limiterAt(clock);
  for (let i = 0; i < 6; i += 1) assert.ok(limiter.take('a', 6).allowed);
  assert.deepEqual(limiter.take('a', 6), { allowed: false, retryAfterMs: 10_000 });
  clock.now += 9_999;
  assert.deepEqual(limiter.take('a', 6), { allowed: false, retryAfterMs: 1 });
  clock.now += 1;
  assert.ok(limiter.take('a', 6).allowed);
  assert.ok(!limiter.take('a', 6).allowed);
});

test('a refused call does not push the next one further away', () => {
  const clock = { now: start };
  const limiter = limiterAt(clock);
  limiter.take('a', 1);
  for (let i = 0; i < 100; i += 1) assert.ok(!limiter.take('a', 1).allowed);
  clock.now += 60_000;
  assert.ok(limiter.take('a', 1).allowed);
});

test('over a long time exactly the allowance passes, after one burst', () => {
  const clock = { now: start };
  const limiter = limiterAt(clock);
  let passed = 0;
  for (let second = 0; second < 600; second += 1) {
    for (let i = 0; i < 3; i += 1) if (limiter.take('a', 60).allowed) passed += 1;
    clock.now += 1000;
  }
  // 60 at once, then one for each of the 599 seconds that passed between calls.
  assert.equal(passed, 60 + 599);
});

test('one key that is used up takes nothing from another', () => {
  const limiter = limiterAt({ now: start });
  assert.ok(limiter.take('a', 1).allowed);
  assert.ok(!limiter.take('a', 1).allowed);
  assert.ok(limiter.take('b', 1).allowed);
});

test('keys without number do not lift the limit of one that was just used up', () => {
  const limiter = limiterAt({ now: start });
  for (let i = 0; i < 100_000; i += 1) limiter.take(`idle-${i}`, 60_000);
  assert.ok(limiter.take('a', 1).allowed);
  assert.ok(!limiter.take('a', 1).allowed);
});
