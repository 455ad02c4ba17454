import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withTimeout } from './with-timeout.ts';

test('what comes in time passes through, a value as well as an error', async () => {
  assert.equal(await withTimeout(Promise.resolve(7), 1000, 'The answer'), 7);
  await assert.rejects(withTimeout(Promise.reject(new Error('no')), 1000, 'The answer'), { message: 'no' });
});

test('what takes longer is an error that says what and how long', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let heard = false;
  const late = withTimeout(new Promise(() => undefined), 100, 'Chroma', () => {
    heard = true;
  });
  t.mock.timers.tick(100);
  await assert.rejects(late, { code: 'deadline', message: 'Chroma took longer than 100 ms.' });
  assert.ok(heard);
});

test('an error after the time is over disturbs nobody', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { promise, reject } = Promise.withResolvers<never>();
  const late = withTimeout(promise, 100, 'Chroma');
  t.mock.timers.tick(100);
  await assert.rejects(late, { code: 'deadline' });
  // Were it not taken, the test runner would report an unhandled rejection here.
  reject(new Error('too late'));
  await new Promise((resolve) => setImmediate(resolve));
});

test('an answer leaves no timer behind that would hold the process', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  await withTimeout(Promise.resolve(1), 60_000, 'The answer');
  assert.equal(timers(), before);
});
