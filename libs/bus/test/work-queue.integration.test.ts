import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@refrain/testkit';
import type { QueueHandler, StreamDefinition } from '../src/index.ts';
import { startBus } from './start-bus.ts';

const { nats, bus } = await startBus();
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

/** A queue of its own for each test. */
const queue = (name: string): StreamDefinition => ({
  name: `test-${name}`,
  subjects: [`test.${name}`],
  retention: 'work-queue',
  maxAgeSeconds: 60,
  maxBytes: 1_000_000,
  duplicateWindowSeconds: 60,
});
const options = { name: 'takers', ackWaitMs: 5000, tries: 3 };

test('a reader whose stream cannot be made says why; one that reads has no fault', async () => {
  const done: QueueHandler = async () => 'done';
  const vast = bus.takeWork({ ...queue('vast'), maxBytes: Number.MAX_SAFE_INTEGER }, options, done);
  await eventually(() => vast.fault !== '', { what: 'the fault' });
  assert.match(vast.fault, /insufficient storage/);
  await vast.drain();
  const good = bus.takeWork(queue('modest'), options, done);
  assert.equal(good.fault, '');
  await good.drain();
});

test('each message is done once, by one of those who share the work; a repeat of its id is none', async () => {
  const definition = queue('once');
  const seen: string[] = [];
  const handle: QueueHandler = async (data) => {
    seen.push(text(data));
    return 'done';
  };
  await bus.ensureStream(definition);
  for (const id of ['a', 'b', 'a', 'c']) await bus.publishDurable('test.once', bytes(id), { id });
  const takers = [bus.takeWork(definition, options, handle), bus.takeWork(definition, options, handle)];
  await eventually(() => seen.length >= 3, { what: 'three messages' });
  await Promise.all(takers.map((taker) => taker.drain()));
  assert.deepEqual(seen.sort(), ['a', 'b', 'c']);
  const late: string[] = [];
  const third = bus.takeWork(definition, options, async (data) => {
    late.push(text(data));
    return 'done';
  });
  await bus.publishDurable('test.once', bytes('d'), { id: 'd' });
  await eventually(() => late.length > 0, { what: 'the fourth message' });
  await third.drain();
  assert.deepEqual(late, ['d']);
});

test('what has no room now comes again, and the last time says so', async () => {
  const definition = queue('again');
  const tries: boolean[] = [];
  const taker = bus.takeWork(definition, options, async (_, { isLast }) => {
    tries.push(isLast);
    return { retryMs: 1 };
  });
  await eventually(() => bus.publishDurable('test.again', bytes('x'), { id: 'x' }).then(() => true), {
    what: 'stream',
  });
  await eventually(() => tries.length === 3, { what: 'three tries' });
  await bus.publishDurable('test.again', bytes('y'), { id: 'y' });
  await eventually(() => tries.length === 6, { what: 'three tries of the next' });
  await taker.drain();
  assert.deepEqual(tries, [false, false, true, false, false, true]);
});

test('a message that its handler fails on is not tried again and holds up nobody', async () => {
  const definition = queue('bug');
  const seen: string[] = [];
  const taker = bus.takeWork(definition, options, async (data) => {
    seen.push(text(data));
    if (text(data) === 'bad') throw new TypeError('a bug');
    return 'done';
  });
  await eventually(() => bus.publishDurable('test.bug', bytes('bad'), { id: 'bad' }).then(() => true), {
    what: 'stream',
  });
  await bus.publishDurable('test.bug', bytes('good'), { id: 'good' });
  await eventually(() => seen.includes('good'), { what: 'the next' });
  await taker.drain();
  assert.deepEqual(seen, ['bad', 'good']);
});

test('taking goes on after NATS was away', async () => {
  const definition = queue('away');
  const seen: string[] = [];
  const taker = bus.takeWork(definition, options, async (data) => {
    seen.push(text(data));
    return 'done';
  });
  const put = (id: string) => bus.publishDurable('test.away', bytes(id), { id }).then(() => true);
  await eventually(() => put('before'), { what: 'stream' });
  await eventually(() => seen.length === 1, { what: 'the first' });
  await nats.kill();
  await eventually(() => !bus.connected, { what: 'the loss to be noticed' });
  await nats.restart();
  await eventually(() => bus.connected, { timeoutMs: 20_000, what: 'the connection' });
  await put('after');
  await eventually(() => seen.length === 2, { timeoutMs: 20_000, what: 'the second' });
  await taker.drain();
  assert.deepEqual(seen, ['before', 'after']);
});

test('who works longer than the wait is heard of, and nobody else is given the message', async () => {
  const definition = queue('long');
  let given = 0;
  const patient = { ...options, ackWaitMs: 600 };
  const handle: QueueHandler = async () => {
    given += 1;
    // Longer than three waits: without a sign of life it would be given to the other taker.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    return 'done';
  };
  await bus.ensureStream(definition);
  await bus.publishDurable('test.long', bytes('a'), { id: 'long-a' });
  const takers = [bus.takeWork(definition, patient, handle), bus.takeWork(definition, patient, handle)];
  await eventually(() => given > 0, { what: 'the message' });
  await Promise.all(takers.map((taker) => taker.drain()));
  assert.equal(given, 1);
});

test('messages that are put off hold up others from the number that was named on, also where the queue was read otherwise before', async () => {
  const definition = queue('put-off');
  const subject = 'test.put-off';
  const seen: string[] = [];
  const handle: QueueHandler = async (data) => {
    seen.push(text(data));
    return text(data) === 'now' ? 'done' : { retryMs: 60_000 };
  };
  await bus.ensureStream(definition);
  for (const id of ['late-1', 'late-2', 'now']) await bus.publishDurable(subject, bytes(id), { id });
  const few = bus.takeWork(definition, { ...options, mostWaiting: 2 }, handle);
  await eventually(() => seen.length === 2, { what: 'as many as may wait' });
  // It has asked for one more, and was given none.
  await few.drain();
  assert.deepEqual(seen, ['late-1', 'late-2']);
  const more = bus.takeWork(definition, { ...options, mostWaiting: 3 }, handle);
  await eventually(() => seen.includes('now'), { what: 'the one behind them' });
  await more.drain();
  assert.deepEqual(seen, ['late-1', 'late-2', 'now']);
});
