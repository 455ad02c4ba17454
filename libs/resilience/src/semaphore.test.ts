import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Semaphore } from './semaphore.ts';

test('as many as the limit come in at once, the next one when a place is free, in order', async () => {
  const semaphore = new Semaphore(2, 10);
  const first = await semaphore.acquire();
  const second = await semaphore.acquire();
  const order: string[] = [];
  const third = semaphore.acquire().then((release) => {
    order.push('third');
    return release;
  });
  const fourth = semaphore.acquire().then((release) => {
    order.push('fourth');
    return release;
  });
  assert.deepEqual([semaphore.inUse, semaphore.waiting, order.length], [2, 2, 0]);
  first();
  const releaseThird = await third;
  assert.deepEqual(order, ['third']);
  second();
  releaseThird();
  (await fourth)();
  assert.deepEqual([order, semaphore.inUse, semaphore.waiting], [['third', 'fourth'], 0, 0]);
});

test('when the queue is full the next one hears so at once', async () => {
  const semaphore = new Semaphore(1, 1);
  const release = await semaphore.acquire();
  const waiting = semaphore.acquire();
  await assert.rejects(semaphore.acquire(), { code: 'overloaded', reason: 'BUSY' });
  release();
  (await waiting)();
});

test('a waiter that leaves makes room in the queue and takes no place', async () => {
  const semaphore = new Semaphore(1, 1);
  const release = await semaphore.acquire();
  const leaving = new AbortController();
  const left = semaphore.acquire(leaving.signal);
  leaving.abort(new Error('gone'));
  await assert.rejects(left, { message: 'gone' });
  const waiting = semaphore.acquire();
  release();
  (await waiting)();
  assert.equal(semaphore.inUse, 0);
});

test('whoever has left already does not come in, even where there is room', async () => {
  const semaphore = new Semaphore(1, 1);
  await assert.rejects(semaphore.acquire(AbortSignal.abort(new Error('gone'))), { message: 'gone' });
  assert.equal(semaphore.inUse, 0);
});

test('a place that is freed twice is one place', async () => {
  const semaphore = new Semaphore(1, 5);
  const release = await semaphore.acquire();
  const waiting = semaphore.acquire();
  release();
  release();
  await waiting;
  assert.equal(semaphore.inUse, 1);
});
