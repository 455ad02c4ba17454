/**
 * How many tokens a text is, in the middle: for context windows, prices and budgets before anybody has counted. Tokenizers take a
 * common word whole and a long one in two or three, digits by threes, signs one by one. Measured against o200k_base and cl100k_base in
 * docs/decisions/0021-policy-and-breakers.md: within a tenth for English and code; other scripts lie between the two.
 */

/** A middle estimate of a text's tokens. */
export function estimateTokens(text: string): number {
  let tokens = 0;
  for (let i = 0; i < text.length; ) {
    const from = i;
    const unit = text.charCodeAt(i);
    if (isLetter(unit)) {
      while (isLetter(text.charCodeAt(i))) i += 1;
      tokens += 1 + Math.max(0, i - from - 6) / 8;
    } else if (isDigit(unit)) {
      while (isDigit(text.charCodeAt(i))) i += 1;
      // The space before a word is the word's; before a number it stands alone.
      tokens += Math.ceil((i - from) / 3) + (text.charCodeAt(from - 1) === 32 ? 1 : 0);
    } else if (unit <= 32) {
      while (text.charCodeAt(i) <= 32) i += 1;
      tokens += i - from > 1 || unit !== 32 ? 0.8 : 0;
    } else {
      i += 1;
      tokens += unit < 128 ? 0.75 : beyondAscii(unit);
    }
  }
  return Math.ceil(tokens);
}

/** Tokens of one UTF-16 unit: Latin with marks, Greek, Cyrillic, Hebrew; Arabic; the scripts of India and its neighbours; emoji; Han, kana, hangul. */
function beyondAscii(unit: number): number {
  if (unit < 0x600) return 0.4;
  if (unit < 0x900) return 0.5;
  if (unit < 0x2000) return 0.75;
  return unit >= 0xd800 && unit < 0xe000 ? 1.2 : 0.95;
}

function isLetter(unit: number): boolean {
  return (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90);
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57;
}
