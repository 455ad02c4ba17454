import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { readJson } from './body.ts';

const read = (chunks: Iterable<Buffer>, limitBytes = 100) =>
  readJson(Readable.from(chunks) as unknown as IncomingMessage, limitBytes);
const invalid = (reason: string) => ({ code: 'invalid', reason });

test('a body is read whole, however it is cut', async () => {
  const bytes = Buffer.from('{"text":"äöü"}');
  assert.deepEqual(await read([bytes]), { text: 'äöü' });
  assert.deepEqual(await read([...bytes].map((byte) => Buffer.from([byte]))), { text: 'äöü' });
});

test('the limit counts raw bytes, and is met before anything is decoded', async () => {
  const exact = Buffer.from(JSON.stringify('x'.repeat(98)));
  assert.equal(await read([exact]), 'x'.repeat(98));
  await assert.rejects(read([Buffer.alloc(101, 0xff)]), invalid('REQUEST_TOO_LARGE'));
});

test('what is beyond the limit is read and thrown away, so that the sender hears the refusal', async () => {
  let sent = 0;
  function* much() {
    for (; sent < 1000; sent += 1) yield Buffer.alloc(1000);
  }
  await assert.rejects(read(much()), invalid('REQUEST_TOO_LARGE'));
  assert.equal(sent, 1000);
});

test('a sender that never stops is left', async () => {
  let sent = 0;
  function* endless() {
    for (;;) {
      sent += 1;
      yield Buffer.alloc(1024 * 1024);
    }
  }
  await assert.rejects(read(endless()), invalid('REQUEST_TOO_LARGE'));
  assert.ok(sent < 100);
});

test('nothing, half of JSON, JSON with a tail and what is not UTF-8 are invalid', async () => {
  for (const text of ['', '{', '{} x', 'nothing']) {
    await assert.rejects(read([Buffer.from(text)]), invalid('INVALID_JSON'));
  }
  await assert.rejects(read([Buffer.from([0x22, 0xc3, 0x28, 0x22])]), {
    code: 'invalid',
    fields: [{ field: 'body', description: 'The body is not valid UTF-8.' }],
  });
});

test('a sender that leaves in the middle is one that left, no fault of ours', async () => {
  const body = new Readable({ read: () => undefined });
  body.push('{"half":');
  setImmediate(() => body.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })));
  await assert.rejects(readJson(body as unknown as IncomingMessage, 100), { code: 'canceled' });
});
