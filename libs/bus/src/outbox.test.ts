import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, silentLog } from '@refrain/testkit';
import type { NatsConnection } from 'nats';
import { Outbox } from './outbox.ts';

/** An outbox of a connection that notes what it is given. */
function outbox() {
  const sent: string[] = [];
  const connection = { publish: (subject: string) => sent.push(subject) } as unknown as NatsConnection;
  const box = new Outbox(() => connection, silentLog);
  const put = (subject: string, mayWait?: boolean) => box.put({ subject, data: new Uint8Array(), mayWait });
  return { box, put, sent };
}
const turn = () => new Promise(setImmediate);

test('what is published leaves at the end of the turn, in order', async () => {
  const { put, sent } = outbox();
  put('a');
  put('b');
  assert.deepEqual(sent, []);
  await turn();
  assert.deepEqual(sent, ['a', 'b']);
});

test('what may wait leaves with the next message that may not, before it', async () => {
  const { put, sent } = outbox();
  put('idle', true);
  put('urgent');
  put('idler', true);
  await turn();
  assert.deepEqual(sent, ['idle', 'urgent', 'idler']);
});

test('what may wait leaves by itself where nothing follows, and once', async () => {
  const { put, sent } = outbox();
  put('idle', true);
  await eventually(() => sent.length > 0, { what: 'it to leave' });
  put('next');
  await turn();
  assert.deepEqual(sent, ['idle', 'next']);
});

test('a flush sends what may wait too', () => {
  const { box, put, sent } = outbox();
  put('idle', true);
  box.flush();
  assert.deepEqual(sent, ['idle']);
});
