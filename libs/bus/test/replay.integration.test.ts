import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@refrain/testkit';
import type { StreamDefinition } from '../src/index.ts';
import { startBus } from './start-bus.ts';

const { nats, bus } = await startBus();
const bytes = (text: string) => new TextEncoder().encode(text);
const stream = (name: string, maxBytes = 1_000_000): StreamDefinition => ({
  name: `test-${name}`,
  subjects: [`test.${name}`],
  whenFull: 'drop-oldest',
  maxAgeSeconds: 60,
  maxBytes,
  duplicateWindowSeconds: 60,
});
const put = (name: string, text: string) => bus.publishDurable(`test.${name}`, bytes(text), { id: text });

/** Reads until the end, or follows until the test says so. */
async function read(definition: StreamDefinition, sinceMs: number, follow?: AbortSignal, into: string[] = []) {
  for await (const { data } of bus.replay(definition, { sinceMs, ...(follow && { follow }) }))
    into.push(new TextDecoder().decode(data));
  return into;
}

test('what is kept is read from a time on, in order, again and again; a stream that is not there is empty', async () => {
  const definition = stream('kept');
  assert.deepEqual(await read(definition, 0), []);
  await bus.ensureStream(definition);
  assert.deepEqual(await read(definition, 0), []);
  const many = Array.from({ length: 250 }, (_, i) => `m${i}`);
  for (const each of many) await put('kept', each);
  const between = Date.now() + 1;
  await eventually(() => Date.now() > between);
  await put('kept', 'late');
  assert.deepEqual(await read(definition, 0), [...many, 'late']);
  assert.deepEqual(await read(definition, between), ['late']);
  assert.deepEqual(await read(definition, Date.now() + 60_000), []);
});

test('headers come along', async () => {
  const definition = stream('headers');
  await bus.ensureStream(definition);
  bus.publish('test.headers', bytes('x'), { headers: { 'content-type': 'text/plain' } });
  await eventually(async () => (await read(definition, 0)).length === 1);
  for await (const message of bus.replay(definition, { sinceMs: 0 })) {
    assert.equal(message.header('content-type'), 'text/plain');
    assert.equal(message.header('absent'), undefined);
  }
});

test('who follows sees what comes, also to a stream that is made later, and stops at a word', {
  timeout: 20_000,
}, async () => {
  const definition = stream('live');
  const end = new AbortController();
  const seen: string[] = [];
  const reading = read(definition, 0, end.signal, seen);
  await bus.ensureStream(definition);
  for (const each of ['a', 'b', 'c']) await put('live', each);
  await eventually(() => seen.length === 3, { what: 'three messages' });
  await put('live', 'd');
  await eventually(() => seen.length === 4, { what: 'the fourth message' });
  end.abort();
  assert.deepEqual(await reading, ['a', 'b', 'c', 'd']);
});

test('a stream that is full drops its oldest where it says so', async () => {
  const definition = stream('full', 2000);
  await bus.ensureStream(definition);
  for (let i = 0; i < 20; i += 1) await put('full', `${i}`.padEnd(200));
  const kept = (await read(definition, 0)).map((text) => text.trim());
  assert.equal(kept.at(-1), '19');
  assert.ok(kept.length < 20);
});

test('who follows misses nothing when NATS is killed and comes back, with its data and without', {
  timeout: 60_000,
}, async () => {
  const definition = stream('lost');
  await bus.ensureStream(definition);
  const end = new AbortController();
  const seen: string[] = [];
  const reading = read(definition, 0, end.signal, seen);
  await put('lost', 'a');
  await eventually(() => seen.length === 1, { what: 'the first message' });
  for (const [empty, text] of [
    [false, 'b'],
    [true, 'c'],
  ] as const) {
    await nats.kill();
    await eventually(() => !bus.connected);
    await nats.restart({ empty });
    await eventually(() => bus.connected, { timeoutMs: 20_000 });
    await eventually(
      () =>
        bus.ensureStream(definition).then(
          () => true,
          () => false,
        ),
      { what: 'the stream' },
    );
    await put('lost', text);
    await eventually(() => seen.includes(text), { what: `message ${text}`, timeoutMs: 20_000 });
  }
  end.abort();
  assert.deepEqual(await reading, ['a', 'b', 'c']);
});

test('who reads what NATS keeps while it is away hears so', async () => {
  await nats.kill();
  await eventually(() => !bus.connected);
  await assert.rejects(read(stream('kept'), 0), { code: 'unavailable', reason: 'BUS_DOWN' });
  await nats.restart();
  await eventually(() => bus.connected, { timeoutMs: 20_000 });
});
