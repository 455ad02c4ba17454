import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EmbedQueue } from './embed-queue.ts';

const vector = new Float32Array([1]);
const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (error) => error.reason,
  );

test('an idle embedder gets a text at once, a busy one gets together what came meanwhile, in order and bounded', async () => {
  const queue = new EmbedQueue({ deadlineMs: 1000, patienceMs: 1000, maximumBatch: 2 });
  const first = queue.add('a', 'urgent');
  assert.deepEqual(queue.next(), ['a']);
  const others = ['b', 'c', 'd'].map((text) => queue.add(text, 'urgent'));
  assert.deepEqual(queue.next(), [], 'one batch at a time');
  queue.settle([{ vector }]);
  assert.equal(await first, vector);
  assert.deepEqual(queue.next(), ['b', 'c']);
  queue.settle([{ vector }, { unusable: 'too_long' }]);
  assert.deepEqual(queue.next(), ['d']);
  queue.fail();
  assert.deepEqual(await Promise.all(others.map(reasonOf)), ['ok', 'TOO_LONG', 'EMBEDDER_DOWN']);
  assert.equal(queue.busy, false);
});

test('a text that was late leaves the queue, and after a few in a row nobody waits until there is an answer again', async () => {
  const queue = new EmbedQueue({ deadlineMs: 20, patienceMs: 1000, maximumBatch: 8 });
  const running = queue.add('a', 'urgent');
  queue.next();
  const waiting = ['b', 'c'].map((text) => queue.add(text, 'urgent'));
  assert.deepEqual(await Promise.all([running, ...waiting].map(reasonOf)), Array(3).fill('EMBEDDER_SLOW'));
  assert.equal(await reasonOf(queue.add('d', 'urgent')), 'EMBEDDER_DOWN');
  queue.settle([{ vector }]);
  assert.deepEqual(queue.next(), [], 'who no longer waits is not embedded');
  const next = queue.add('e', 'urgent');
  assert.deepEqual(queue.next(), ['e']);
  queue.settle([{ vector }]);
  assert.equal(await next, vector);
});

test('what could surely not be ready in time, by the last pace, is refused at once', async () => {
  const queue = new EmbedQueue({ deadlineMs: 30, patienceMs: 1000, maximumBatch: 1 });
  const first = queue.add('a', 'urgent');
  queue.next();
  await reasonOf(first);
  queue.settle([{ vector }]);
  const taken = ['b', 'c', 'd'].map((text) => queue.add(text, 'urgent'));
  queue.next();
  assert.equal(await reasonOf(queue.add('e', 'urgent')), 'EMBEDDER_BUSY');
  queue.clear();
  assert.deepEqual(await Promise.all(taken.map(reasonOf)), Array(3).fill('EMBEDDER_DOWN'));
});

test('when the embedder is gone everybody hears so', async () => {
  const queue = new EmbedQueue({ deadlineMs: 1000, patienceMs: 1000, maximumBatch: 1 });
  const all = ['a', 'b', 'c'].map((text) => queue.add(text, 'urgent'));
  queue.next();
  queue.clear();
  assert.deepEqual(await Promise.all(all.map(reasonOf)), Array(3).fill('EMBEDDER_DOWN'));
  assert.deepEqual(queue.next(), []);
});

test('a store lets lookups before, waits longer than they do, and never keeps them out', async () => {
  const queue = new EmbedQueue({ deadlineMs: 20, patienceMs: 1000, maximumBatch: 2 });
  const stores = Array.from({ length: 256 }, (_, i) => queue.add(`store ${i}`, 'patient'));
  assert.equal(await reasonOf(queue.add('one more', 'patient')), 'EMBEDDER_BUSY');
  const asked = queue.add('lookup', 'urgent');
  assert.deepEqual(queue.next(), ['lookup', 'store 0']);
  assert.equal(await reasonOf(asked), 'EMBEDDER_SLOW');
  queue.settle([{ vector }, { vector }]);
  assert.equal(await stores[0], vector);
  queue.clear();
  assert.deepEqual([...new Set(await Promise.all(stores.slice(1).map(reasonOf)))], ['EMBEDDER_DOWN']);
});

test('stores that lookups have kept waiting too long say nothing about the embedder: lookups go on', async () => {
  const queue = new EmbedQueue({ deadlineMs: 1000, patienceMs: 20, maximumBatch: 1 });
  const first = queue.add('lookup', 'urgent');
  queue.next();
  const stores = ['a', 'b', 'c'].map((text) => queue.add(text, 'patient'));
  assert.deepEqual(await Promise.all(stores.map(reasonOf)), Array(3).fill('EMBEDDER_SLOW'));
  const second = queue.add('another', 'urgent');
  queue.settle([{ vector }]);
  assert.deepEqual(queue.next(), ['another']);
  queue.settle([{ vector }]);
  assert.deepEqual(await Promise.all([first, second].map(reasonOf)), ['ok', 'ok']);
});
