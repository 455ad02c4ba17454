import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@refrain/testkit';
import type { StreamDefinition } from '../src/index.ts';
import { startBus } from './start-bus.ts';

const { nats, bus } = await startBus();
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined) => data && new TextDecoder().decode(data);
const definition: StreamDefinition = {
  name: 'test-kept',
  subjects: ['kept.*'],
  retention: 'last-each',
  maxAgeSeconds: 60,
  maxBytes: 1_000_000,
  duplicateWindowSeconds: 60,
};

test('of two who change the same value one is told that the other came first', async () => {
  const kept = bus.kept(definition);
  assert.equal(await kept.get('kept.a'), undefined);
  const first = await kept.put('kept.a', bytes('1'), 0);
  assert.ok(first !== undefined);
  assert.equal(await kept.put('kept.a', bytes('x'), 0), undefined);
  const second = await kept.put('kept.a', bytes('2'), first);
  assert.equal(await kept.put('kept.a', bytes('y'), first), undefined);
  const found = await kept.get('kept.a');
  assert.deepEqual([text(found?.data), found?.revision], ['2', second]);
});

test('the list has the last value of each, and a removed one is as if it had never been', async () => {
  const kept = bus.kept(definition);
  for (const name of ['b', 'c', 'd']) await kept.put(`kept.${name}`, bytes(name), 0);
  await kept.remove('kept.c');
  const listed = (await Array.fromAsync(kept.list('kept.*'))).map(({ data }) => text(data));
  assert.deepEqual(listed.sort(), ['2', 'b', 'd']);
  assert.ok(await kept.put('kept.c', bytes('again'), 0));
});

test('a server that is there and has no room says so, and is not said to be out of reach', async () => {
  const kept = bus.kept({ ...definition, name: 'test-vast', subjects: ['vast.*'], maxBytes: Number.MAX_SAFE_INTEGER });
  const refused = { code: 'unavailable', reason: 'BUS_DOWN', message: /^NATS refuses: insufficient storage/ };
  await assert.rejects(kept.put('vast.a', bytes('a'), 0), refused);
  await assert.rejects(Array.fromAsync(kept.list('vast.*')), refused);
});

test('values are there again after the server was killed; while it is away every call says so at once', async () => {
  const kept = bus.kept(definition);
  await nats.kill();
  await eventually(() => !bus.connected, { what: 'the connection to be gone' });
  const away = { code: 'unavailable', reason: 'BUS_DOWN' };
  await assert.rejects(kept.get('kept.b'), away);
  await assert.rejects(kept.put('kept.e', bytes('e'), 0), away);
  await nats.restart();
  await eventually(() => bus.connected, { what: 'the connection to be back' });
  assert.equal(text((await kept.get('kept.b'))?.data), 'b');
  assert.equal(await kept.get('kept.e'), undefined);
});

test('a server that lost its data is told of the stream again; until then a value is unknown, not absent', async () => {
  const kept = bus.kept(definition);
  assert.ok(await kept.put('kept.f', bytes('f'), 0));
  await nats.kill();
  await nats.restart({ empty: true });
  await eventually(() => bus.connected, { what: 'the connection to be back' });
  await assert.rejects(kept.get('kept.f'), { code: 'unavailable' });
  assert.ok(await kept.put('kept.f', bytes('anew'), 0));
  assert.equal(text((await kept.get('kept.f'))?.data), 'anew');
});
