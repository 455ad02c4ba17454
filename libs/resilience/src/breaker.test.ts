import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Breaker } from './breaker.ts';

function breakerOf(failures: number) {
  const clock = { now: 1_000_000 };
  const breaker = new Breaker({ failures, cooldownMs: 1000, clock: { now: () => clock.now }, name: 'Redis' });
  return { breaker, clock };
}
const fail = () => Promise.reject(new Error('down'));
const succeed = () => Promise.resolve('up');
const open = { code: 'unavailable', reason: 'BREAKER_OPEN', message: 'Redis is not reachable.' };

test('failures in a row open it, and then nothing is called any more', async () => {
  const { breaker } = breakerOf(3);
  for (let i = 0; i < 3; i += 1) await assert.rejects(breaker.run(fail), { message: 'down' });
  assert.equal(breaker.state, 'open');
  let called = false;
  await assert.rejects(
    breaker.run(async () => {
      called = true;
    }),
    open,
  );
  assert.equal(called, false);
});

test('a success in between starts the count anew', async () => {
  const { breaker } = breakerOf(2);
  for (let i = 0; i < 5; i += 1) {
    await assert.rejects(breaker.run(fail), { message: 'down' });
    assert.equal(await breaker.run(succeed), 'up');
  }
  assert.equal(breaker.state, 'closed');
});

test('after its pause exactly one call probes; the others still fail at once', async () => {
  const { breaker, clock } = breakerOf(1);
  await assert.rejects(breaker.run(fail), { message: 'down' });
  clock.now += 999;
  assert.equal(breaker.state, 'open');
  clock.now += 1;
  assert.equal(breaker.state, 'half-open');
  const { promise, resolve } = Promise.withResolvers<string>();
  const probe = breaker.run(() => promise);
  await assert.rejects(breaker.run(succeed), open);
  resolve('up');
  assert.equal(await probe, 'up');
  assert.equal(breaker.state, 'closed');
  assert.equal(await breaker.run(succeed), 'up');
});

test('a probe that fails keeps it open for another whole pause', async () => {
  const { breaker, clock } = breakerOf(1);
  await assert.rejects(breaker.run(fail), { message: 'down' });
  clock.now += 5000;
  await assert.rejects(breaker.run(fail), { message: 'down' });
  clock.now += 999;
  await assert.rejects(breaker.run(succeed), open);
  clock.now += 1;
  assert.equal(await breaker.run(succeed), 'up');
});

test('what is no fault of the dependency counts neither way, also as a probe', async () => {
  const { breaker, clock } = breakerOf(2);
  const hurried = () => breaker.run(fail, () => false);
  for (let i = 0; i < 5; i += 1) await assert.rejects(hurried(), { message: 'down' });
  assert.equal(breaker.state, 'closed');
  await assert.rejects(breaker.run(fail), { message: 'down' });
  await assert.rejects(hurried(), { message: 'down' });
  await assert.rejects(breaker.run(fail), { message: 'down' });
  assert.equal(breaker.state, 'open');
  clock.now += 1000;
  await assert.rejects(hurried(), { message: 'down' });
  assert.equal(breaker.state, 'half-open');
});
