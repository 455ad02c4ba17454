import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { eventually, type FaultProxy, startFaultProxy } from './index.ts';

let echo: Server;
let proxy: FaultProxy;
before(async () => {
  echo = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  proxy = await startFaultProxy((echo.address() as AddressInfo).port);
});
after(async () => {
  await proxy.stop();
  await new Promise((resolve) => echo.close(resolve));
});

async function open(): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}
const say = async (socket: Socket, word: string) => {
  socket.write(word);
  return String((await once(socket, 'data'))[0]);
};

test('bytes pass as they are, later by twice the latency', async () => {
  const socket = await open();
  assert.equal(await say(socket, 'a'), 'a');
  proxy.latency(50);
  const began = performance.now();
  assert.equal(await say(socket, 'b'), 'b');
  assert.ok(performance.now() - began >= 99);
  proxy.latency(0);
  socket.destroy();
});

test('in a black hole nothing arrives and no connection breaks; afterwards all of it does, in order', async () => {
  const [old, fresh] = [await open(), await open()];
  assert.equal(await say(old, 'a'), 'a');
  let heard = '';
  for (const socket of [old, fresh]) socket.on('data', (chunk) => (heard += chunk));
  proxy.blackHole(true);
  old.write('b');
  old.write('c');
  const other = await open();
  other.on('data', (chunk) => (heard += chunk));
  other.write('d');
  // Meanwhile a whole conversation goes on beside it.
  const beside = connect((echo.address() as AddressInfo).port, '127.0.0.1');
  for (const word of ['x', 'y', 'z']) assert.equal(await say(beside, word), word);
  assert.equal(heard, '');
  proxy.blackHole(false);
  await eventually(() => heard.length === 3);
  assert.equal(heard.replace('d', ''), 'bc');
  for (const socket of [old, fresh, other, beside]) socket.destroy();
});

test('down breaks what is open and what is opened, until it is up again', async () => {
  const socket = await open();
  const broken = once(socket, 'error');
  proxy.down(true);
  assert.equal((await broken)[0].code, 'ECONNRESET');
  const refused = connect(proxy.port, '127.0.0.1');
  assert.equal((await once(refused, 'error'))[0].code, 'ECONNRESET');
  proxy.down(false);
  const again = await open();
  assert.equal(await say(again, 'a'), 'a');
  again.destroy();
});
