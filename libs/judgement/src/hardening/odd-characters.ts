/**
 * Characters by which a text says something else to a program than to its reader: what is not seen, what turns the reading direction
 * round, letters of one script posing as another's. Two prompts that look alike and are not, or the other way round, must never meet by
 * meaning; and where no honest writing needs them, the prompt is somebody's trick. Linear in the text.
 */

/** A class of characters by first and last code points; hidden ones are better not seen in a source either. */
const among = (...ranges: readonly (readonly [number, number])[]): string =>
  `[${ranges.map(([first, last]) => `\\u{${first.toString(16)}}-\\u{${last.toString(16)}}`).join('')}]`;

/** Seen by nobody: controls, zero width, bidirectional marks, fillers, separators, selectors, tags. */
const hidden = new RegExp(
  among(
    ...([
      [0x00, 0x08],
      [0x0b, 0x0c],
      [0x0e, 0x1f],
      [0x7f, 0x9f],
      [0xad, 0xad],
      [0x34f, 0x34f],
      [0x61c, 0x61c],
      [0x115f, 0x1160],
      [0x17b4, 0x17b5],
      [0x180b, 0x180f],
      [0x200b, 0x200f],
      [0x2028, 0x202e],
      [0x2060, 0x206f],
      [0x3164, 0x3164],
      [0xfe00, 0xfe0f],
      [0xfeff, 0xfeff],
      [0xffa0, 0xffa0],
      [0xfff0, 0xfffb],
      [0x1d173, 0x1d17a],
      [0xe0000, 0xe0fff],
    ] as const),
  ),
  'u',
);
/** Emoji are put together with joiners, selectors and (flags of regions) tags: seen as one picture. */
const emoji =
  /[\p{Extended_Pictographic}\p{Emoji_Modifier}#*0-9](?:\p{Emoji_Modifier}|\uFE0F|\u20E3|\u200D\p{Extended_Pictographic})+|\u{1F3F4}[\u{E0061}-\u{E007A}]{1,6}\u{E007F}/gu;
/** Scripts whose own spelling needs joiners and marks of direction. */
const joining =
  /[\p{sc=Arab}\p{sc=Syrc}\p{sc=Thaa}\p{sc=Nkoo}\p{sc=Hebr}\p{sc=Deva}\p{sc=Beng}\p{sc=Guru}\p{sc=Gujr}\p{sc=Orya}\p{sc=Taml}\p{sc=Telu}\p{sc=Knda}\p{sc=Mlym}\p{sc=Sinh}\p{sc=Khmr}\p{sc=Mymr}\p{sc=Mong}]/u;
const spelling = new RegExp(among([0x61c, 0x61c], [0x180b, 0x180f], [0x200c, 0x200f]), 'gu');

/** A word of Latin and Cyrillic (or Cherokee, Armenian, a Greek letter that looks Latin) letters; letters that only style a text. */
const mixed =
  /\p{sc=Latn}[\p{sc=Cyrl}\p{sc=Cher}\p{sc=Armn}ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονικρυ]|[\p{sc=Cyrl}\p{sc=Cher}\p{sc=Armn}ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονικρυ]\p{sc=Latn}/u;
const styled = /[\uFF21-\uFF3A\uFF41-\uFF5A\u{1D400}-\u{1D7FF}\u{1F130}-\u{1F169}\u{1F170}-\u{1F189}]/u;
/** Marks heaped on one letter. */
const heaped = /\p{M}{4}/u;

/** Whether a text has characters that must not be compared by meaning. */
export function hasOddCharacters(text: string): boolean {
  if (isPlain(text)) return false;
  return hidden.test(text.replace(emoji, '')) || mixed.test(text) || styled.test(text) || heaped.test(text);
}

/** Whether a text hides something that no spelling asks for. */
export function hidesSomething(text: string): boolean {
  if (isPlain(text)) return false;
  // A mark of byte order at the start is an editor's.
  const seen = text.replace(/^\uFEFF/, '').replace(emoji, '');
  return hidden.test(joining.test(seen) ? seen.replace(spelling, '') : seen);
}

/** Printable ASCII and line ends, as most prompts are. */
function isPlain(text: string): boolean {
  return /^[\t\n\r -~]*$/.test(text);
}
