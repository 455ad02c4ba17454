import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineSplitter, maximumLine } from './lines.ts';

/** The lines of a text that arrives in pieces of so many bytes. */
function linesOf(text: string, pieceBytes: number): string[] {
  const splitter = new LineSplitter();
  const bytes = new TextEncoder().encode(text);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes)
    lines.push(...splitter.push(bytes.subarray(at, at + pieceBytes)));
  return [...lines, ...splitter.end()];
}

const texts: readonly [name: string, text: string, lines: string[]][] = [
  ['LF', 'a\n\nb\n', ['a', '', 'b']],
  ['CR LF', 'a\r\n\r\nb\r\n', ['a', '', 'b']],
  ['CR', 'a\r\rb\r', ['a', '', 'b']],
  ['CR LF before LF', 'a\r\n\nb\n', ['a', '', 'b']],
  ['CR LF before CR', 'a\r\n\rb\n', ['a', '', 'b']],
  ['a last line without an end', 'a\nb', ['a', 'b']],
  ['a byte order mark', '\u{feff}a\n', ['a']],
  ['a byte order mark alone', '\u{feff}', []],
  ['characters of several bytes', 'Grüße\n世界 👩‍👩‍👧\n', ['Grüße', '世界 👩‍👩‍👧']],
  ['characters that look like line ends', 'a\u2028b\u0085c\n', ['a\u2028b\u0085c']],
];

for (const [name, text, lines] of texts) {
  test(`${name}: the same lines wherever the network cuts`, () => {
    for (const pieceBytes of [1, 2, 3, 5, 1000]) assert.deepEqual(linesOf(text, pieceBytes), lines);
  });
}

test('a line without end is refused before it fills the memory', () => {
  const splitter = new LineSplitter();
  const piece = new Uint8Array(1024 * 1024).fill(97);
  assert.throws(
    () => {
      for (let sent = 0; sent <= maximumLine; sent += piece.length) splitter.push(piece);
    },
    { code: 'upstream', reason: 'MALFORMED' },
  );
});
