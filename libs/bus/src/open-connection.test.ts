import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { silentLog } from '@refrain/testkit';
import { openConnection, toServers } from './open-connection.ts';

/** Says the first words of NATS, and no more than a test says. @returns its URL */
async function halfAServer(t: TestContext, onWords: (words: string, socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('INFO {"server_id":"half","version":"2.10.0","proto":1,"max_payload":1024}\r\n');
    socket.on('data', (data) => onWords(String(data), socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  return `nats://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a URL names servers, and who asks them', () => {
  assert.deepEqual(toServers('nats://127.0.0.1:7451'), { servers: ['nats://127.0.0.1:7451'] });
  assert.deepEqual(toServers('nats://mesh:p%40ss@a:4222, nats://b:4222'), {
    servers: ['nats://a:4222', 'nats://b:4222'],
    user: 'mesh',
    pass: 'p@ss',
  });
  assert.deepEqual(toServers('tls://s3cret@a:4222'), { servers: ['tls://a:4222'], token: 's3cret' });
  assert.deepEqual(toServers('a:4222,[::1]:4222'), { servers: ['nats://a:4222', 'nats://[::1]:4222'] });
});

test('what is no URL is said without repeating it', () => {
  for (const url of ['', 'nats://', 'nats://mesh:hush@a:port'])
    assert.throws(
      () => toServers(url),
      (error: Error) => /URL of NATS/.test(error.message) && !/hush/.test(String(error.stack)),
    );
});

test('a server that goes away amid the first words is asked again before anybody gives up', async (t) => {
  let came = 0;
  const url = await halfAServer(t, (words, socket) => {
    if (words.includes('CONNECT') && ++came === 1) socket.destroy();
    else if (words.includes('PING')) socket.write('PONG\r\n');
  });
  const signal = AbortSignal.timeout(10_000);
  const connection = await openConnection({ url, name: 'test', log: silentLog, signal });
  assert.equal(came, 2);
  await connection.close();
});

test('who leaves before anybody answered is no longer waited for', async (t) => {
  const leaving = new AbortController();
  const url = await halfAServer(t, (_words, socket) => {
    leaving.abort(new Error('leaving'));
    socket.destroy();
  });
  await assert.rejects(openConnection({ url, name: 'test', log: silentLog, signal: leaving.signal }), /leaving/);
});
