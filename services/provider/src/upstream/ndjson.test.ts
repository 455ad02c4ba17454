import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NdjsonParser } from './ndjson.ts';

test('each line comes out whole and once, blank ones left out, wherever the network cuts', () => {
  const bytes = new TextEncoder().encode('{"a":"ü"}\n\n  \r\n{"b":2}');
  for (const pieceBytes of [1, 3, 100]) {
    const parser = new NdjsonParser();
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; at += pieceBytes)
      lines.push(...parser.push(bytes.subarray(at, at + pieceBytes)));
    assert.deepEqual([...lines, ...parser.end()], ['{"a":"ü"}', '{"b":2}']);
  }
});
