import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { withDeadline } from './with-deadline.ts';

test('what comes in time passes through, a value as well as an error, and leaves no timer behind', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  assert.equal(await withDeadline(() => Promise.resolve(7), 60_000, 'The answer'), 7);
  await assert.rejects(
    withDeadline(() => Promise.reject(new Error('no')), 60_000, 'The answer'),
    { message: 'no' },
  );
  assert.equal(timers(), before);
});

test('what takes longer is aborted and is an error that says what and how long', async () => {
  let seen: AbortSignal | undefined;
  const began = performance.now();
  const late = withDeadline(
    (signal) => {
      seen = signal;
      return new Promise(() => undefined);
    },
    50,
    'The lookup',
  );
  await assert.rejects(late, { code: 'deadline', message: 'The lookup took longer than 50 ms.' });
  assert.ok(performance.now() - began >= 49);
  assert.equal(seen?.aborted, true);
});

test('an answer that arrived while the process was busy counts, though it is read after the deadline', async (t) => {
  const server = createServer((_, response) => response.end('here'));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answer = withDeadline(async (signal) => (await fetch(url, { signal })).text(), 50, 'The answer');
  // The request is out, and the answer comes while nobody looks.
  await new Promise((resolve) => server.once('request', resolve));
  await new Promise((resolve) => setImmediate(resolve));
  const end = performance.now() + 100;
  while (performance.now() < end);
  assert.equal(await answer, 'here');
});
