/** A prompt is read no further than this: its head says what it is, and the time is bounded. */
export const readCharacters = 3000;

const token = /\p{Script=Han}|\p{L}+|\d+|[^\s\p{L}\p{N}]/gu;

/** The head of a prompt, with runs of blanks made one, so that spacing changes nothing. */
export function headOf(text: string): string {
  return text
    .slice(0, readCharacters)
    .replace(/[^\S\n]+/g, ' ')
    .trim();
}

/** Words, signs and numbers of a text, in lower case; a number is "#" and how many digits it has, up to four. */
export function tokensOf(text: string): string[] {
  const found = text.toLowerCase().match(token) ?? [];
  return found.map((each) => (/^\d/.test(each) ? `#${Math.min(4, each.length)}` : each));
}
