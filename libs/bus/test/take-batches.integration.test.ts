import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@refrain/testkit';
import type { StreamDefinition } from '../src/index.ts';
import { startBus } from './start-bus.ts';

const { bus } = await startBus();
const bytes = (text: string) => new TextEncoder().encode(text);
const texts = (messages: readonly Uint8Array[]) => messages.map((data) => new TextDecoder().decode(data));
const stream = (name: string): StreamDefinition => ({
  name: `test-${name}`,
  subjects: [`test.${name}`],
  maxAgeSeconds: 60,
  maxBytes: 1_000_000,
  duplicateWindowSeconds: 60,
});
const options = { name: 'readers', ackWaitMs: 2000, batch: 10 };

test('each message is read once, by one of those who share the reading, a batch at most at once; a later reader goes on', async () => {
  const definition = stream('shared');
  await bus.ensureStream(definition);
  const ids = Array.from({ length: 25 }, (_, i) => `m${i}`);
  for (const id of ids) await bus.publishDurable('test.shared', bytes(id), { id });
  const seen: string[] = [];
  const handle = async (messages: readonly Uint8Array[]) => {
    assert.ok(messages.length <= 10);
    seen.push(...texts(messages));
    return 'done' as const;
  };
  const readers = [bus.takeBatches(definition, options, handle), bus.takeBatches(definition, options, handle)];
  await eventually(() => seen.length >= ids.length, { what: 'all messages' });
  await Promise.all(readers.map((reader) => reader.drain()));
  assert.deepEqual(seen.sort(), ids.sort());
  const late: string[] = [];
  const reader = bus.takeBatches(definition, options, async (messages) => {
    late.push(...texts(messages));
    return 'done';
  });
  await bus.publishDurable('test.shared', bytes('last'), { id: 'last' });
  await eventually(() => late.length > 0, { what: 'the last message' });
  await reader.drain();
  assert.deepEqual(late, ['last']);
});

test('a batch that cannot be handled now comes again, one whose handler has a bug does not', async () => {
  const definition = stream('again');
  await bus.ensureStream(definition);
  await bus.publishDurable('test.again', bytes('a'), { id: 'a' });
  const seen: string[] = [];
  const reader = bus.takeBatches(definition, options, async (messages) => {
    seen.push(...texts(messages));
    if (seen.length === 1) return { retryMs: 10 };
    if (seen.length === 2) throw new TypeError('a bug');
    return 'done';
  });
  await eventually(() => seen.length === 2, { what: 'the second time' });
  await bus.publishDurable('test.again', bytes('b'), { id: 'b' });
  await eventually(() => seen.includes('b'), { what: 'the next message' });
  await reader.drain();
  assert.deepEqual(seen, ['a', 'a', 'b']);
});

test('a reader that waits for messages keeps nothing of the times it looked', async (t) => {
  const added = t.mock.method(AbortSignal.prototype, 'addEventListener');
  const removed = t.mock.method(AbortSignal.prototype, 'removeEventListener');
  const reader = bus.takeBatches(stream('idle'), options, async () => 'done');
  await eventually(() => added.mock.callCount() >= 3, { what: 'the third look' });
  const held = added.mock.callCount() - removed.mock.callCount();
  await reader.drain();
  assert.ok(held <= 1, `${held} listeners`);
});
