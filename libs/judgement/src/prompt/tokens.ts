/** A prompt is read no further than this: its head says what it is, and the time is bounded. */
export const readCharacters = 4000;

const token = /\p{Script=Han}|\p{L}+|\d+|[^\s\p{L}\p{N}]/gu;

/** Words, signs and numbers of a prompt's head, in lower case; a number is "#" and how many digits it has, up to four. */
export function tokensOf(text: string): string[] {
  const found = text.slice(0, readCharacters).toLowerCase().match(token) ?? [];
  return found.map((each) => (/^\d/.test(each) ? `#${Math.min(4, each.length)}` : each));
}
