/** Small operations on a question's words. */
import type { Random } from './random.ts';

/** A question's words with what stands between them, so that one can be changed and the rest stays. */
export const split = (text: string): string[] => text.split(/(\s+)/);

/** Places of words (not of spaces) that `wanted` says yes to. */
export function placesOf(parts: readonly string[], wanted: (word: string, place: number) => boolean): number[] {
  return parts.flatMap((part, i) =>
    i % 2 === 0 && part !== '' && wanted(part.replace(/[^\p{L}\p{N}'-]/gu, ''), i) ? [i] : [],
  );
}

/** The word at a place exchanged, its marks and its capital kept. */
export function put(parts: readonly string[], place: number, word: string): string {
  const copy = [...parts];
  const old = copy[place] ?? '';
  const core = /[\p{L}\p{N}][\p{L}\p{N}'-]*/u.exec(old)?.[0] ?? old;
  const capital = /^\p{Lu}/u.test(core) && !/^\p{Lu}/u.test(word);
  copy[place] = old.replace(core, () => (capital ? (word[0] ?? '').toUpperCase() + word.slice(1) : word));
  return copy.join('');
}

export function lowerFirst(text: string): string {
  return /^(?:I\b|\p{Lu}{2})/u.test(text) ? text : (text[0] ?? '').toLowerCase() + text.slice(1);
}

export function upperFirst(text: string): string {
  return (text[0] ?? '').toUpperCase() + text.slice(1);
}

/** One slip of the pen in one longer word. */
export function misspell(text: string, random: Random): string | undefined {
  const parts = split(text);
  const places = placesOf(parts, (word) => /^[a-z]{4,}$/i.test(word));
  if (places.length === 0) return undefined;
  const place = random.pick(places);
  const word = (parts[place] ?? '').replace(/[^\p{L}]/gu, '');
  const at = 1 + random.below(word.length - 2);
  const wrong = [
    word.slice(0, at) + word.slice(at + 1),
    word.slice(0, at) + (word[at] ?? '') + word.slice(at),
    word.slice(0, at) + (word[at + 1] ?? '') + (word[at] ?? '') + word.slice(at + 2),
    word.slice(0, at) + random.pick([...'aeiourstln']) + word.slice(at + 1),
  ];
  return put(parts, place, random.pick(wrong));
}
