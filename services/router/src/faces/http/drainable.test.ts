import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { drainable } from './drainable.ts';

/** A server whose requests wait until the test answers them. */
async function serve(t: TestContext) {
  const waiting: ServerResponse[] = [];
  const server = createServer((_request, response) => waiting.push(response));
  const drain = drainable(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.closeAllConnections());
  const open = async (text?: string): Promise<{ socket: Socket; ended: Promise<string> }> => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const accepted = once(server, 'connection');
    let got = '';
    socket.on('data', (chunk) => {
      got += chunk;
    });
    const ended = once(socket, 'close').then(() => got);
    if (text !== undefined) socket.write(text);
    await accepted;
    if (text !== undefined) await once(server, 'request');
    return { socket, ended };
  };
  return { drain, open, waiting };
}
const get = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';
const soon = async (draining: Promise<void>) => {
  const began = performance.now();
  await draining;
  assert.ok(performance.now() - began < 2000, 'the drain waited for its grace');
};

test('a connection on which nothing came yet does not hold the end up', async (t) => {
  const { drain, open } = await serve(t);
  const { ended } = await open();
  await soon(drain(10_000));
  assert.equal(await ended, '');
});

test('a running request ends first, and its kept-alive connection after it', async (t) => {
  const { drain, open, waiting } = await serve(t);
  const { ended } = await open(get);
  let isOver = false;
  const draining = drain(10_000).then(() => {
    isOver = true;
  });
  await new Promise(setImmediate);
  assert.equal(isOver, false);
  waiting[0]?.end('done');
  await soon(draining);
  assert.match(await ended, /^HTTP\/1\.1 200 OK[\s\S]*done$/);
});

test('beyond its grace what still runs is cut off', async (t) => {
  const { drain, open } = await serve(t);
  const { ended } = await open(get);
  await soon(drain(100));
  assert.equal(await ended, '');
});
