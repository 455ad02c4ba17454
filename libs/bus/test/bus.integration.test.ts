import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usageStream } from '@refrain/contracts';
import { eventually, silentLog } from '@refrain/testkit';
import { openBus } from '../src/index.ts';
import { startBus } from './start-bus.ts';

const { nats, bus } = await startBus();
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);
const patient = () => ({ signal: new AbortController().signal, idleMs: 5000 });
const read = async (stream: AsyncIterable<Uint8Array>, count: number) => {
  const seen: string[] = [];
  for await (const data of stream) if (seen.push(text(data)) === count) break;
  return seen;
};

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

test('who publishes with a stream’s own reply subject hears on the stream that nobody listens any more', async () => {
  let replySubject = '';
  const taking = bus.subscribe('take', {}, (m) => m.respond(bytes('taken')));
  const onOpen = (reply: string) => {
    replySubject = reply;
  };
  const reading = read(bus.stream('take', bytes(''), { ...patient(), onOpen }), 2);
  await eventually(() => replySubject !== '', { what: 'the stream to be open' });
  bus.publish('take.nobody', bytes('still there?'), { reply: replySubject });
  await assert.rejects(reading, { code: 'unavailable', reason: 'NO_RESPONDERS' });
  await taking.drain();
});

test('how long a stream may be silent is asked anew after each answer', async () => {
  const once = bus.subscribe('once', {}, (m) => m.respond(bytes('one')));
  let idleMs = 60_000;
  const reading = (async () => {
    for await (const _ of bus.stream('once', bytes(''), { ...patient(), idleMs: () => idleMs })) idleMs = 20;
  })();
  await assert.rejects(reading, { code: 'unavailable', reason: 'WORKER_SILENT' });
  await once.drain();
});

test('an inbox receives what others publish to it until it is closed', async () => {
  const seen: string[] = [];
  const inbox = bus.inbox(({ data }) => seen.push(text(data)));
  bus.publish(inbox.subject, bytes('one'));
  await eventually(() => seen.length === 1);
  inbox.close();
});

test('an inbox handler that throws disturbs nothing', async () => {
  const seen: string[] = [];
  const inbox = bus.inbox(({ data }) => {
    seen.push(text(data));
    if (text(data) === 'bad') throw new Error('broken');
  });
  for (const word of ['bad', 'good']) bus.publish(inbox.subject, bytes(word));
  await eventually(() => seen.length === 2);
  inbox.close();
});

test('a message larger than the server takes is refused and disturbs nothing', async () => {
  const seen: number[] = [];
  const inbox = bus.inbox(({ data }) => seen.push(data.length));
  const limit = 8 * 1024 * 1024;
  const refused = { code: 'invalid', reason: 'MESSAGE_TOO_LARGE' };
  assert.throws(() => bus.publish(inbox.subject, new Uint8Array(limit + 1)), refused);
  await assert.rejects(bus.request(inbox.subject, new Uint8Array(limit + 1), { timeoutMs: 1000 }), refused);
  bus.publish(inbox.subject, new Uint8Array(limit));
  await eventually(() => seen.length === 1);
  assert.deepEqual(seen, [limit]);
  inbox.close();
});

test('an answer that does not come in time is a deadline', async () => {
  const subscription = bus.subscribe('slow', {}, () => undefined);
  await assert.rejects(bus.request('slow', bytes(''), { timeoutMs: 20 }), { code: 'deadline' });
  await subscription.drain();
});

test('a drain first sends what was published', async () => {
  const seen: string[] = [];
  const inbox = bus.inbox(({ data }) => seen.push(text(data)));
  const other = openBus({ url: nats.url, name: 'leaving', log: silentLog });
  await eventually(() => other.connected);
  for (const word of ['one', 'two']) other.publish(inbox.subject, bytes(word));
  await other.drain();
  await eventually(() => seen.length === 2);
  assert.deepEqual(seen, ['one', 'two']);
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
  await Promise.all(
    ['attempt-2', 'attempt-3', 'attempt-2'].map((id) => bus.publishDurable('refrain.v1.usage.test', bytes(id), { id })),
  );
  const info = await bus.request(`$JS.API.STREAM.INFO.${usageStream.name}`, bytes(''), { timeoutMs: 1000 });
  assert.equal(JSON.parse(text(info.data)).state.messages, 3);
});

test('a server that goes ends waiting streams, publishing throws, and all of it works again when it is back', async () => {
  const subscription = bus.subscribe('again', {}, (m) => m.respond(m.data));
  const hanging = bus.subscribe('hang', {}, () => undefined);
  const waiting = read(bus.stream('hang', bytes(''), { ...patient(), idleMs: 60_000 }), 1);
  const asking = bus.request('hang', bytes(''), { timeoutMs: 60_000 });
  const failed = Promise.all(
    [waiting, asking].map((each) => assert.rejects(each, { code: 'unavailable', reason: 'BUS_DOWN' })),
  );
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

test('a record published while the server is away is stored once it is back', async () => {
  await nats.kill();
  await eventually(() => !bus.connected);
  const stored = bus.publishDurable('refrain.v1.usage.test', bytes('late'), { id: 'attempt-late' });
  await nats.restart();
  await stored;
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
