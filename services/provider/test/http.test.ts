/** The HTTP client towards the upstreams, against real sockets that misbehave. */
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { createUpstreamClient, type UpstreamClient } from '../src/upstream/http.ts';

describe('the upstream client', () => {
  let client: UpstreamClient;
  let server: Server;
  let url: URL;
  let onRequest: (socket: Socket) => void = () => undefined;
  const sockets = new Set<Socket>();
  before(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      // A client that leaves resets its connection; that is what these tests are about.
      socket.on('error', () => socket.destroy());
      socket.on('data', () => onRequest(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`);
  });
  beforeEach(() => {
    client = createUpstreamClient({ connectMs: 200 });
  });
  afterEach(() => {
    client.close();
    for (const socket of sockets) socket.destroy();
  });
  after(() => server.close());
  const never = new AbortController().signal;
  const post = (signal: AbortSignal = never) => client.fetch({ url, body: '{}', signal });
  const failed = { code: 'unavailable', reason: 'CONNECTION_FAILED' };
  const read = async (chunks: AsyncIterable<Uint8Array>) => {
    let text = '';
    for await (const chunk of chunks) text += Buffer.from(chunk);
    return text;
  };

  it('an aborted call asks nothing and breaks nothing', async () => {
    let asked = 0;
    onRequest = () => {
      asked += 1;
    };
    await assert.rejects(post(AbortSignal.abort(new Error('left'))), { message: 'left' });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(asked, 0);
  });

  it('nobody listening is a failed connection, at once', async () => {
    const nobody = { url: new URL('http://127.0.0.1:9/'), body: '{}', signal: never };
    await assert.rejects(client.fetch(nobody), failed);
  });

  it('a peer that does not finish its greeting is given up after the connect limit', async () => {
    onRequest = () => undefined;
    const secure = new URL(url);
    secure.protocol = 'https:';
    const began = performance.now();
    await assert.rejects(client.fetch({ url: secure, body: '{}', signal: never }), failed);
    const tookMs = performance.now() - began;
    assert.ok(tookMs >= 190 && tookMs < 1500, `${tookMs} ms`);
  });

  it('a slow answer is no slow connection', async () => {
    onRequest = (socket) => {
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi'), 300);
    };
    assert.equal(await (await post()).text(), 'hi');
  });

  it('follows no redirect: a key must not travel to another host', async () => {
    onRequest = (socket) => socket.write(`HTTP/1.1 307 Moved\r\nlocation: ${url}\r\ncontent-length: 0\r\n\r\n`);
    assert.equal((await post()).status, 307);
  });

  it('a body cut short is a failure after what came before it', async () => {
    onRequest = (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf');
    const { chunks } = await post();
    await assert.rejects(read(chunks), failed);
  });

  it('what is no HTTP is a failure', async () => {
    onRequest = (socket) => socket.end('220 mail.example ESMTP\r\n');
    await assert.rejects(post(), failed);
  });

  it('of a body that never ends only the beginning is kept, and the connection is closed', async () => {
    onRequest = (socket) => {
      socket.write('HTTP/1.1 500 Oops\r\ntransfer-encoding: chunked\r\n\r\n');
      const piece = `${(16_384).toString(16)}\r\n${'x'.repeat(16_384)}\r\n`;
      const pour = () => {
        while (!socket.destroyed && socket.write(piece));
      };
      socket.on('drain', pour);
      pour();
    };
    const reply = await post();
    const closed = new Promise((resolve) => [...sockets].at(-1)?.once('close', resolve));
    assert.equal((await reply.text(1000)).length, 1000);
    await closed;
  });

  it('an abort in the middle closes the connection and is what the reader hears', async () => {
    onRequest = (socket) => socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n');
    const abort = new AbortController();
    const { chunks } = await post(abort.signal);
    const closed = new Promise((resolve) => [...sockets].at(-1)?.once('close', resolve));
    const reading = (async () => {
      for await (const _ of chunks) abort.abort(new Error('left'));
    })();
    await assert.rejects(reading, { message: 'left' });
    await closed;
  });
});
