import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Lane, lanes } from '@refrain/contracts';
import { eventually } from '@refrain/testkit';
import { LaneQueue } from './lane-queue.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A queue whose jobs end when told to, and what it has started. */
function setUp(concurrency: number, limit: number) {
  const queue = new LaneQueue(concurrency, limit);
  const started: string[] = [];
  const running: (() => void)[] = [];
  const submit = (lane: Lane, name: string = lane) =>
    queue.submit(lane, () => {
      started.push(name);
      return new Promise((resolve) => running.push(() => resolve('done')));
    });
  const endOne = async () => {
    running.shift()?.();
    await turn();
  };
  return { queue, started, submit, endOne };
}

test('jobs start at once while there is a place, then they wait', () => {
  const { queue, started, submit } = setUp(2, 10);
  for (const name of ['a', 'b', 'c']) submit('normal', name);
  assert.deepEqual(started, ['a', 'b']);
  assert.deepEqual([queue.running, queue.waiting], [2, 1]);
});

test('a full queue refuses with the time after which a place is likely', async () => {
  const { submit, endOne } = setUp(1, 1);
  submit('high');
  submit('low');
  assert.throws(() => submit('high'), { code: 'overloaded', reason: 'BUSY', retryAfterMs: 2000 });
  await endOne();
  submit('high');
  assert.throws(
    () => submit('high'),
    (error: { retryAfterMs: number }) => error.retryAfterMs < 2000,
    'it has learned that jobs are short',
  );
});

test('lanes that all wait are served 6 : 3 : 1, and within a lane in order', async () => {
  const { started, submit, endOne } = setUp(1, 1000);
  submit('low', 'first');
  for (let i = 0; i < 100; i += 1) for (const lane of lanes) submit(lane, `${lane} ${i}`);
  for (let i = 0; i < 100; i += 1) await endOne();
  const served = started.slice(1, 101);
  const of = (lane: Lane) => served.filter((name) => name.startsWith(lane));
  assert.deepEqual([of('high').length, of('normal').length, of('low').length], [60, 30, 10]);
  assert.deepEqual(of('normal').slice(0, 3), ['normal 0', 'normal 1', 'normal 2']);
  const gaps = served.flatMap((name, i) => (name.startsWith('low') ? [i] : []));
  assert.ok(
    gaps.every((at, i) => i === 0 || at - (gaps[i - 1] ?? 0) <= 12),
    'low is spread, not saved for the end',
  );
});

test('a lane that is alone has everything, and gathers no claim meanwhile', async () => {
  const { started, submit, endOne } = setUp(1, 1000);
  for (let i = 0; i < 50; i += 1) submit('low');
  for (let i = 0; i < 20; i += 1) await endOne();
  for (let i = 0; i < 10; i += 1) submit('high');
  for (let i = 0; i < 10; i += 1) await endOne();
  assert.ok(started.slice(21).filter((name) => name === 'high').length >= 6);
});

test('a job that fails frees its place', async () => {
  const queue = new LaneQueue(1, 1);
  queue.submit('high', () => Promise.reject(new Error('broken')));
  await turn();
  assert.equal(queue.running, 0);
});

test('a waiting job can be taken out, once; one that runs or has run cannot', async () => {
  const { queue, started, submit, endOne } = setUp(1, 10);
  const first = submit('high', 'first');
  const second = submit('high', 'second');
  submit('high', 'third');
  assert.equal(first(), false);
  assert.equal(second(), true);
  assert.equal(second(), false);
  assert.equal(queue.waiting, 1);
  await endOne();
  assert.deepEqual(started, ['first', 'third']);
  assert.equal(first(), false);
});

/** A queue before a provider with so many places, which others may take too. */
function before(provider: { places: number }, concurrency: number) {
  const queue = new LaneQueue(concurrency, 100);
  const got: string[] = [];
  const ends: (() => void)[] = [];
  let tries = 0;
  const submit = (lane: Lane, name: string) =>
    queue.submit(lane, async (entered) => {
      tries += 1;
      await turn();
      if (provider.places === 0) return 'again';
      provider.places -= 1;
      entered();
      got.push(name);
      await new Promise<void>((resolve) => ends.push(resolve));
      provider.places += 1;
      return 'done';
    });
  return { queue, got, ends, submit, tries: () => tries };
}

test('jobs that find no place at the provider keep their order and their lane’s turn', async () => {
  const { queue, got, ends, submit } = before({ places: 1 }, 10);
  for (const name of ['n1', 'n2', 'n3']) submit('normal', name);
  submit('high', 'h1');
  for (let i = 0; i < 5; i += 1) await turn();
  assert.deepEqual([got, queue.running, queue.waiting], [['n1'], 1, 3]);
  while (ends.length > 0) {
    ends.shift()?.();
    for (let i = 0; i < 5; i += 1) await turn();
  }
  assert.deepEqual(got, ['n1', 'h1', 'n2', 'n3']);
  assert.deepEqual([queue.running, queue.waiting], [0, 0]);
});

test('a place that comes free costs two tries at most, however many wait', async () => {
  const { ends, submit, tries } = before({ places: 2 }, 50);
  for (let i = 0; i < 40; i += 1) submit('normal', `${i}`);
  for (let i = 0; i < 5; i += 1) await turn();
  const first = tries();
  ends.shift()?.();
  for (let i = 0; i < 5; i += 1) await turn();
  assert.ok(tries() - first <= 2, `${tries() - first} tries`);
  while (ends.length > 0) {
    ends.shift()?.();
    for (let i = 0; i < 5; i += 1) await turn();
  }
});

test('it goes on trying while a try takes longer than the time between two', async () => {
  const queue = new LaneQueue(10, 100);
  let tries = 0;
  queue.submit('low', async () => {
    tries += 1;
    // As long as a Redis that is slow to answer.
    await new Promise((resolve) => setTimeout(resolve, 90));
    return tries < 4 ? 'again' : 'done';
  });
  await eventually(() => tries === 4);
});

test('a place that another worker leaves is found without one of ours ending', async () => {
  const provider = { places: 0 };
  const { got, ends, submit } = before(provider, 10);
  submit('low', 'waits');
  for (let i = 0; i < 5; i += 1) await turn();
  assert.deepEqual(got, []);
  provider.places = 1;
  await eventually(() => got.length === 1);
  ends.shift()?.();
  await turn();
});
