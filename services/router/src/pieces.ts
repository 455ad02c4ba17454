/** A line of text: a page's answer is some forty pieces, each worth its message. */
const pieceCharacters = 80;

/** Cuts a text into pieces that make it up again, after words where it has any, and never within a character. */
export function* toPieces(text: string): Generator<string> {
  let from = 0;
  while (text.length - from > pieceCharacters) {
    const to = cutAt(text, from);
    yield text.slice(from, to);
    from = to;
  }
  if (from < text.length) yield text.slice(from);
}

/** The last place within a piece's length that comes after a blank; where there is none, its length. */
function cutAt(text: string, from: number): number {
  const longest = from + pieceCharacters;
  for (let at = longest; at > from; at -= 1) if (isBlank(text.charCodeAt(at - 1))) return at;
  const isWithinPair = (text.charCodeAt(longest) & 0xfc00) === 0xdc00;
  return isWithinPair ? longest - 1 : longest;
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
