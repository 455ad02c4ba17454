import type { Token } from '../signature/signature.ts';

/** The first place where a follow-up points back, with what belongs to it. */
export const pointer: RegExp =
  /\b(?:its|their|his|her)\b|\b(?:it|they|them|he|him|she|this|that|these|those)(?: (?:one|ones|thing|things))?\b|\b(?:one|ones)\b/i;

/** Words that point back. */
export const pointing: ReadonlySet<string> = new Set(
  'it its they them their he him his she her hers this that these those one ones there'.split(' '),
);
const kinds: readonly ReadonlySet<string>[] = [
  'it its this that one',
  'they them their these those ones',
  'he him his',
  'she her hers',
].map((words) => new Set(words.split(' ')));

/** Whether a word points back. */
export function isPointing({ lemma, lower }: Token): boolean {
  return pointing.has(lower) || pointing.has(lemma);
}

/** The words of a text that point back, as they are written: a signature may have left them out. */
export function pointersIn(text: string): string[] {
  return [...new Set(text.toLowerCase().match(/\p{L}+/gu))].filter((word) => pointing.has(word));
}

/** Whether it points to several things. */
export function pointsToMany(word: string): boolean {
  return kinds[1]?.has(word) ?? false;
}

/** Whether it points to one person. */
export function isPersonal(word: string): boolean {
  return kinds.slice(2).some((kind) => kind.has(word));
}

/** Whether two of them can point to one and the same thing. */
export function sameReferent(word: string, other: string | undefined): boolean {
  return word === other || kinds.some((kind) => kind.has(word) && other !== undefined && kind.has(other));
}
