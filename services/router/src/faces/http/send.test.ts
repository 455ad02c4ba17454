import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { send } from './send.ts';

async function serve(t: TestContext, answer: (response: ServerResponse) => void): Promise<number> {
  const server = createServer((_request, response) => answer(response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test('a client that takes nothing of a large answer is let go', { timeout: 20_000 }, async (t) => {
  const left = Promise.withResolvers<void>();
  const port = await serve(t, (response) => {
    response.once('close', left.resolve);
    send(response, { status: 200, body: 'x'.repeat(64 * 1024 * 1024), stalledMs: 50 });
  });
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.pause();
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  await left.promise;
});

test('a large answer is whole, and its connection serves the next', async (t) => {
  const body = 'x'.repeat(4 * 1024 * 1024);
  const port = await serve(t, (response) => send(response, { status: 200, body, stalledMs: 5000 }));
  for (let i = 0; i < 2; i += 1) assert.equal(await (await fetch(`http://127.0.0.1:${port}`)).json(), body);
});
