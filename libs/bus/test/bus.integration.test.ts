import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { usageStream } from '@refrain/contracts';
import { eventually, silentLog, startNats, type TestServer } from '@refrain/testkit';
import { type Bus, openBus } from '../src/index.ts';

let nats: TestServer;
let bus: Bus;
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);
const patient = () => ({ signal: new AbortController().signal, idleMs: 5000 });
const read = async (stream: AsyncIterable<Uint8Array>, count: number) => {
  const seen: string[] = [];
  for await (const data of stream) if (seen.push(text(data)) === count) break;
  return seen;
};

before(async () => {
  nats = await startNats();
  bus = openBus({ url: nats.url, name: 'test', log: silentLog });
  await eventually(() => bus.connected);
});
after(async () => {
  await bus.drain();
  await nats.stop();
});

test('a request is answered, with headers both ways', async () => {
  const subscription = bus.subscribe('echo', { queue: 'q' }, (m) =>
    m.respond(m.data, { kind: m.header('kind') ?? '' }),
  );
  const reply = await bus.request('echo', bytes('hello'), { timeoutMs: 1000, headers: { kind: 'test' } });
  assert.deepEqual([text(reply.data), reply.header('kind'), reply.header('none')], ['hello', 'test', undefined]);
  await subscription.drain();
});

test('nobody listening is known at once, for a request and for a stream', async () => {
  const expected = { code: 'unavailable', reason: 'NO_RESPONDERS' };
  await assert.rejects(bus.request('nobody', bytes(''), { timeoutMs: 60_000 }), expected);
  await assert.rejects(read(bus.stream('nobody', bytes(''), { ...patient(), idleMs: 60_000 }), 1), expected);
});

test('a stream’s answers come in order and its subject is closed when the reader stops', async () => {
  const subscription = bus.subscribe('count', {}, (m) => {
    for (let i = 0; i < 1000; i += 1) m.respond(bytes(String(i)));
  });
  const seen = await read(bus.stream('count', bytes(''), patient()), 1000);
  assert.deepEqual(
    seen,
    Array.from({ length: 1000 }, (_, i) => String(i)),
  );
  await subscription.drain();
});

test('silence and an abort each end a stream', async () => {
  const subscription = bus.subscribe('silent', {}, () => undefined);
  const silent = bus.stream('silent', bytes(''), { ...patient(), idleMs: 30 });
  await assert.rejects(read(silent, 1), { code: 'unavailable', reason: 'WORKER_SILENT' });
  const abort = new AbortController();
  const reading = read(bus.stream('silent', bytes(''), { signal: abort.signal, idleMs: 60_000 }), 1);
  abort.abort();
  await assert.rejects(reading, { code: 'canceled' });
  await subscription.drain();
});

test('an inbox receives what others publish to it until it is closed', async () => {
  const seen: string[] = [];
  const inbox = bus.inbox((data) => seen.push(text(data)));
  bus.publish(inbox.subject, bytes('one'));
  await eventually(() => seen.length === 1);
  inbox.close();
});

test('a handler that throws disturbs nothing', async () => {
  const subscription = bus.subscribe('fragile', {}, (m) => {
    if (text(m.data) === 'bad') throw new Error('broken');
    m.respond(m.data);
  });
  bus.publish('fragile', bytes('bad'));
  assert.equal(text((await bus.request('fragile', bytes('good'), { timeoutMs: 1000 })).data), 'good');
  await subscription.drain();
});

test('the same id published twice is stored once', async () => {
  await bus.ensureStream(usageStream);
  await bus.ensureStream(usageStream);
  await bus.publishDurable('refrain.v1.usage.test', bytes('x'), { id: 'attempt-1' });
  await bus.publishDurable('refrain.v1.usage.test', bytes('x'), { id: 'attempt-1' });
  const info = await bus.request(`$JS.API.STREAM.INFO.${usageStream.name}`, bytes(''), { timeoutMs: 1000 });
  assert.equal(JSON.parse(text(info.data)).state.messages, 1);
});

test('a server that goes ends waiting streams, publishing throws, and all of it works again when it is back', async () => {
  const subscription = bus.subscribe('again', {}, (m) => m.respond(m.data));
  const hanging = bus.subscribe('hang', {}, () => undefined);
  const waiting = read(bus.stream('hang', bytes(''), { ...patient(), idleMs: 60_000 }), 1);
  const failed = assert.rejects(waiting, { code: 'unavailable', reason: 'BUS_DOWN' });
  await eventually(() => bus.connected);
  await nats.kill();
  await failed;
  assert.throws(() => bus.publish('again', bytes('')), { reason: 'BUS_DOWN' });
  await nats.restart();
  await eventually(() => bus.connected);
  assert.equal(text((await bus.request('again', bytes('hello'), { timeoutMs: 1000 })).data), 'hello');
  await subscription.drain();
  await hanging.drain();
});

test('a bus opened before its server is there works as soon as it is', async () => {
  await nats.kill();
  const early = openBus({ url: nats.url, name: 'early', log: silentLog });
  const subscription = early.subscribe('early', {}, (m) => m.respond(bytes('here')));
  assert.throws(() => early.publish('x', bytes('')), { reason: 'BUS_DOWN' });
  await nats.restart();
  await eventually(() => early.connected && bus.connected);
  assert.equal(text((await bus.request('early', bytes(''), { timeoutMs: 1000 })).data), 'here');
  await subscription.drain();
  await early.drain();
});
