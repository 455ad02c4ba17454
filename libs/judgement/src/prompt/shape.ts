/** How a prompt looks, whatever it is about: length, lines, signs, choices, blocks of code, and words of the curated groups. */
import { countGroups, groupNames } from './word-groups.ts';

const codeMarks =
  /```|\bdef \w+\(|\bclass \w+\s*[:{(]|#include\b|=>|\b(?:const|let|var) \w+\s*=|\bimport \w+|\breturn\b|<\/?[a-z]+[ >]|\bselect\b[^.?!]{1,80}\bfrom\b|\btraceback\b|console\.log|System\.out/gi;
const choice = /^ ?\(?[a-e][.):] |\s\([a-e]\) /gim;
const tex = /\\[a-z]+|\$[^$\s][^$]{0,200}\$/g;

/** What kind of text it is by its form alone: a question with choices, a sum in words, or any other. */
export type Form = 'choices' | 'sum' | 'open';

const signs = {
  digits: /\d/g,
  marks: /[^\p{L}\p{N}\s]/gu,
  operators: /[=+*/^<>]/g,
  braces: /[{};()[\]]/g,
} as const;

const measures: Readonly<Record<string, (head: string, words: number) => number>> = {
  words: (_, words) => Math.log1p(words),
  lines: (head) => Math.log1p(count(head, /\n/g)),
  sentences: (head) => Math.log1p(count(head, /[.!?。]\s/g)),
  questions: (head) => Math.min(3, count(head, /[?？]/g)),
  endsAsking: (head) => (/[?？]$/.test(head) ? 1 : 0),
  numbers: (head) => Math.log1p(count(head, /\d+/g)),
  tex: (head) => Math.min(1, count(head, tex) / 4),
  choices: (head) => (count(head, choice) >= 3 ? 1 : 0),
  blank: (head) => (head.includes('__') ? 1 : 0),
  code: (head) => Math.log1p(count(head, codeMarks)),
  wordLength: (head, words) => head.length / (1 + words),
};

/** Names of the numbers that `shapeOf` gives, in order. */
export const shapeNames: readonly string[] = ['length', ...Object.keys(signs), ...Object.keys(measures), ...groupNames];

/** The numbers, raw, of a prompt's head, the tokens of that head and the whole prompt's length. Linear in the head's length. */
export function shapeOf(head: string, tokens: readonly string[], length: number): Float64Array {
  const words = count(head, /\S+/g);
  return Float64Array.from([
    Math.log1p(length),
    ...Object.values(signs).map((pattern) => count(head, pattern) / (head.length || 1)),
    ...Object.values(measures).map((measure) => measure(head, words)),
    ...countGroups(tokens).map((found) => Math.log1p(found)),
  ]);
}

/** The form of a prompt, by its head. */
export function formOf(head: string): Form {
  if (count(head, choice) >= 3) return 'choices';
  const isSum = head.length < 900 && count(head, /\d+/g) >= 2 && /\?$/.test(head) && !/[{}=]/.test(head);
  return isSum ? 'sum' : 'open';
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
