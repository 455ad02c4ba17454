/** What turns a question round: opposites among words and small words, words that say when and how much, and what a "not" stands before. */
import { relationOf } from '../lexicon/lexicon.ts';
import type { Signature } from '../signature/signature.ts';
import { negators, scopeWords } from '../signature/word-lists.ts';
import type { Alignment } from './align.ts';

/** Aligned as forms of one word, and yet turned round: "useful", "useless". */
export function turnedForms({ pairs }: Alignment, a: Signature, b: Signature): number {
  return pairs.filter(({ a: i, b: j, match }) => {
    if (match !== 'near' && match !== 'typo' && match !== 'same') return false;
    const x = a.tokens[i];
    const y = b.tokens[j];
    return x && y && relationOf(x.lemma, y.lemma) === 'opposite';
  }).length;
}

const smallPairs =
  'more less|most least|most less|more least|in outside|before after|up down|in out|on off|over under|above below|first last|maximum minimum|all none|for against|to from|inside outside|into out|both either'
    .split('|')
    .map((pair) => pair.split(' ') as [string, string]);

const smallWords = new Set(smallPairs.flat());

/** Pairs that go with a verb: "added to", "removed from" turns round once. */
const particles = new Set(['to from', 'in out', 'into out', 'on off', 'up down']);

/** Whether the one pair of small opposites only goes with a verb that is turned round itself. */
export function goesWithVerb(a: Signature, b: Signature): boolean {
  const [pair, ...more] = opposedPairs(a, b);
  return pair !== undefined && more.length === 0 && particles.has(pair.join(' '));
}

/** Pairs of opposites among the small words: "more" on one side, "less" on the other. */
export function smallOpposites(a: Signature, b: Signature): number {
  return opposedPairs(a, b).length;
}

function opposedPairs(a: Signature, b: Signature): (typeof smallPairs)[number][] {
  const over = new Map<string, number>();
  const count = ({ tokens }: Signature, by: number) => {
    for (const { lower } of tokens) if (smallWords.has(lower)) over.set(lower, (over.get(lower) ?? 0) + by);
  };
  count(a, 1);
  count(b, -1);
  return smallPairs.filter(([x, y]) => (over.get(x) ?? 0) * (over.get(y) ?? 0) < 0);
}

/** 1 where one side asks for what once was and the other for what is: "did he use to be a pilot", "was he ever a pilot", "is he a pilot". */
export function endedApart(a: Signature, b: Signature): number {
  return wasOnce(a, b) || wasOnce(b, a) ? 1 : 0;
}

function wasOnce(own: Signature, other: Signature): boolean {
  if (usedTo(own)) return !usedTo(other);
  const hasEver = ({ tokens }: Signature) => tokens.slice(0, 5).some(({ lower }) => lower === 'ever');
  return own.type === 'yesno' && own.tense === 'past' && hasEver(own) && other.tense === 'present' && !hasEver(other);
}

/** "used to work", "use to be"; not "is used to sort", "used to it". */
function usedTo({ tokens }: Signature): boolean {
  const at = tokens.findIndex(
    ({ lower }, i) =>
      (lower === 'used' || lower === 'use') && tokens[i + 1]?.lower === 'to' && tokens[i + 2] !== undefined,
  );
  return (
    at >= 0 && !tokens.slice(0, at).some(({ lower }) => /^(?:am|is|are|was|were|be|been|being|gets?|got)$/.test(lower))
  );
}

/** Words of scope ("all", "only", "still") that one side has more often than the other, [a, b]. */
export function scopeDifference(a: Signature, b: Signature): readonly [number, number] {
  const left = scopeOf(a);
  const right = scopeOf(b);
  const only = (own: Map<string, number>, other: Map<string, number>) =>
    [...own].reduce((sum, [word, times]) => sum + Math.max(0, times - (other.get(word) ?? 0)), 0);
  return [only(left, right), only(right, left)];
}

function scopeOf({ tokens }: Signature): Map<string, number> {
  const found = new Map<string, number>();
  for (const { lower } of tokens) {
    if (scopeWords.has(lower) && !negators.has(lower)) found.set(lower, (found.get(lower) ?? 0) + 1);
  }
  return found;
}

/**
 * Words that one side negates and the other merely has: "not on Friday, but on Saturday" and "not on Saturday, but on Friday" have the
 * same words, and as many negations.
 */
export function negatedApart(a: Signature, b: Signature): number {
  if (a.negations === 0 || b.negations === 0) return 0;
  const [left, right] = [negated(a), negated(b)];
  const has = ({ tokens }: Signature, lemma: string) => tokens.some((token) => token.lemma === lemma);
  const only = (own: readonly string[], other: readonly string[], in_: Signature) =>
    own.filter((lemma) => !other.includes(lemma) && has(in_, lemma)).length;
  return only(left, right, b) + only(right, left, a);
}

/** The next word with a meaning behind each negation. */
function negated({ tokens }: Signature): string[] {
  return tokens.flatMap(({ lower }, i) => {
    if (!negators.has(lower)) return [];
    const next = tokens.slice(i + 1, i + 5).find(({ kind }) => kind !== 'function');
    return next ? [next.lemma] : [];
  });
}
