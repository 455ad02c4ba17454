import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { create, fromBinary } from '@bufbuild/protobuf';
import { type UsageRecord, UsageRecordSchema, usageStream } from '@refrain/contracts';
import type { Logger } from '@refrain/service';
import { silentLog } from '@refrain/testkit';
import { keepUsageStream, UsageOutbox } from './usage-outbox.ts';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

const record = (attemptId: string) =>
  create(UsageRecordSchema, {
    attemptId,
    tenant: 'acme',
    provider: 'openai',
    usage: { promptTokens: 7 },
    outcome: 'completed',
  });
const turns = async () => {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
};

/** A bus that refuses the first so many publishes, or answers when told to. */
function setUp({ refusals = 0, hang = false } = {}) {
  const stored: UsageRecord[] = [];
  const ids: string[] = [];
  const made: string[] = [];
  const lost: string[] = [];
  const logged: object[] = [];
  let left = refusals;
  const bus = {
    connected: true,
    ensureStream: async ({ name }: { name: string }) => void made.push(name),
    publishDurable: async (subject: string, data: Uint8Array, { id }: { id: string }) => {
      ids.push(id);
      if (hang) await new Promise(() => undefined);
      left -= 1;
      if (left >= 0) throw new Error('no stream');
      assert.equal(subject, 'refrain.v1.usage.openai');
      stored.push(fromBinary(UsageRecordSchema, data));
    },
  };
  const log: Logger = { ...silentLog, error: (fields) => void logged.push(fields) };
  const outbox = new UsageOutbox(bus, log, (provider) => lost.push(provider));
  return { bus, outbox, stored, ids, made, lost, logged };
}

test('records leave together, each by its own attempt id', async () => {
  const { outbox, stored, ids } = setUp();
  for (const id of ['a', 'b', 'c']) outbox.put(record(id));
  assert.deepEqual(ids, []);
  mock.timers.tick(20);
  await turns();
  assert.deepEqual(ids, ['a', 'b', 'c']);
  assert.deepEqual(
    stored.map(({ attemptId }) => attemptId),
    ['a', 'b', 'c'],
  );
});

test('a record that NATS refuses is published again under the same id, after the stream was made', async () => {
  const { outbox, stored, ids, made } = setUp({ refusals: 3 });
  outbox.put(record('a'));
  mock.timers.tick(20);
  await turns();
  assert.deepEqual(ids, ['a', 'a', 'a', 'a']);
  assert.deepEqual(made, [usageStream.name, usageStream.name, usageStream.name]);
  assert.equal(stored.length, 1);
});

test('closing sends what was gathered and waits until it is stored', async () => {
  const { outbox, stored, lost } = setUp({ refusals: 1 });
  outbox.put(record('a'));
  await outbox.close(1000);
  assert.deepEqual([stored.length, lost.length], [1, 0]);
});

test('what is not stored in time is counted and logged whole, so that the books can be mended', async () => {
  const { outbox, lost, logged } = setUp({ hang: true });
  outbox.put(record('a'));
  const closing = outbox.close(1000);
  mock.timers.tick(1000);
  await closing;
  outbox.put(record('b'));
  assert.deepEqual(lost, ['openai', 'openai']);
  assert.deepEqual(
    logged.map((fields) => (fields as { record: { attemptId: string; usage: object } }).record),
    ['a', 'b'].map((attemptId) => ({
      attemptId,
      tenant: 'acme',
      provider: 'openai',
      usage: { promptTokens: 7 },
      outcome: 'completed',
    })),
  );
});

test('a long outage does not fill the memory', async () => {
  const { outbox, lost } = setUp({ hang: true });
  for (let i = 0; i < 10_001; i += 1) outbox.put(record(`a${i}`));
  assert.equal(lost.length, 1);
});

test('the stream is made as soon as the bus is there, and not any more once stopped', async () => {
  const { bus, made } = setUp();
  bus.connected = false;
  const stop = keepUsageStream(bus, silentLog);
  for (let i = 0; i < 5; i += 1) {
    mock.timers.tick(500);
    await turns();
  }
  assert.deepEqual(made, []);
  bus.connected = true;
  mock.timers.tick(500);
  await turns();
  assert.deepEqual(made, [usageStream.name]);
  stop();
  bus.connected = false;
  const stopEarly = keepUsageStream(bus, silentLog);
  stopEarly();
  bus.connected = true;
  mock.timers.tick(10_000);
  await turns();
  assert.equal(made.length, 1);
});
