import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import type { RefrainError } from '@refrain/errors';
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

test('of a sender that never stops no more than the limit is kept, and what follows is not taken', async () => {
  let sent = 0;
  const body = new Readable({
    highWaterMark: 10,
    read() {
      sent += 10;
      this.push(Buffer.alloc(10));
    },
  });
  await assert.rejects(readJson(body as unknown as IncomingMessage, 100), invalid('REQUEST_TOO_LARGE'));
  assert.ok(sent >= 110 && sent <= 200, `${sent}`);
  assert.ok(body.isPaused() && !body.destroyed);
  body.destroy();
});

test('half a surrogate pair is refused where it stands, a whole one is a character like others', async () => {
  const json = (text: string) => read([Buffer.from(text)], 10_000);
  assert.deepEqual(await json(String.raw`{"a":"\ud83e\udd89"}`), { a: '🦉' });
  for (const [text, field] of [
    [String.raw`{"messages":[{"content":"ok"},{"content":[{"text":"\ud800"}]}]}`, 'messages[1].content[0].text'],
    [String.raw`{"tools":[{"function":{"description":"\uDC00 after"}}]}`, 'tools[0].function.description'],
    [String.raw`{"metadata":{"\udfff":1}}`, 'metadata'],
    [String.raw`"\ud800\ud800"`, 'body'],
  ] as const)
    await assert.rejects(json(text), {
      code: 'invalid',
      fields: [{ field, description: 'has half a surrogate pair' }],
    });
  const deep = `${'['.repeat(4000)}"${String.raw`\ud800`}"${']'.repeat(4000)}`;
  await assert.rejects(json(deep), (error: RefrainError) => {
    assert.ok(error.code === 'invalid' && error.message.length < 200, error.message.slice(0, 300));
    return true;
  });
});

test('nothing, half of JSON, JSON with a tail and what is not UTF-8 are invalid', async () => {
  for (const text of ['', '{', '{} x', 'nothing']) {
    await assert.rejects(read([Buffer.from(text)]), invalid('INVALID_JSON'));
  }
  await assert.rejects(read([Buffer.from([0x22, 0xc3, 0x28, 0x22])]), {
    code: 'invalid',
    fields: [{ field: 'body', description: 'is not valid UTF-8' }],
  });
});

test('a sender that leaves in the middle is one that left, no fault of ours', async () => {
  const body = new Readable({ read: () => undefined });
  body.push('{"half":');
  setImmediate(() => body.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })));
  await assert.rejects(readJson(body as unknown as IncomingMessage, 100), { code: 'canceled' });
});
