import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toPieces } from './pieces.ts';

const prose = 'A monad is a monoid in the category of endofunctors, what is the problem? '.repeat(20);
const texts: [name: string, text: string][] = [
  ['prose', prose],
  ['lines of code', 'if (a) {\r\n\tb();\r\n}\r\n'.repeat(30)],
  ['a script without blanks', '日本語の文章は単語の間に空白を置かない。'.repeat(20)],
  ['signs beyond the first plane', '🦉'.repeat(300)],
  ['the same, shifted by one', `x${'🦉'.repeat(300)}`],
  ['one endless word', 'x'.repeat(1000)],
  ['only blanks', ' '.repeat(500)],
  ['a word', 'Paris.'],
  ['nothing', ''],
];
for (const [name, text] of texts) {
  test(`${name}: the pieces make up the text, none is empty, too long or ends within a character`, () => {
    const pieces = [...toPieces(text)];
    assert.equal(pieces.join(''), text);
    assert.ok(pieces.every((piece) => piece.length > 0 && piece.length <= 80 && piece.isWellFormed()));
    assert.ok(pieces.length >= text.length / 80);
  });
}

test('words stay whole', () => {
  const pieces = [...toPieces(prose)];
  assert.ok(pieces.length > 10);
  for (const piece of pieces) assert.match(piece, /^\S.*\s$/);
});
