/**
 * Which word of one question stands for which of the other: equal words in order first, then equal words that moved, then slips of
 * the pen, words that mean the same, and compounds written apart. What is left over on either side is what the questions differ in.
 */
import { commonness, relationOf } from '../lexicon/lexicon.ts';
import { classesOf, compareClasses } from '../signature/closed-classes.ts';
import type { Signature, Token } from '../signature/signature.ts';
import { joinAcronyms } from './acronyms.ts';
import { editDistance } from './edit-distance.ts';
import { type Substitution, substitute } from './substitutions.ts';

/** How two words that stand for each other are alike. */
export type Match = 'equal' | 'form' | 'number' | 'typo' | 'same' | 'near' | 'compound';

/** Two places that stand for each other. */
export interface Pair {
  readonly a: number;
  readonly b: number;
  readonly match: Match;
  readonly inOrder: boolean;
}

/** The outcome; places not in `pairs` are left over. */
export interface Alignment {
  readonly pairs: readonly Pair[];
  readonly onlyA: readonly Token[];
  readonly onlyB: readonly Token[];
  readonly substitutions: readonly Substitution[];
  /** Equal words that stand in another order. */
  readonly moved: number;
}

/** Who did it is content: "he … her" is not "she … him". */
const isContent = ({ kind, lemma }: Token) => kind !== 'function' || lemma === 'he' || lemma === 'she';

/** Aligns two signatures. */
export function align(a: Signature, b: Signature): Alignment {
  const left = a.tokens;
  const right = b.tokens;
  const toB = new Array<number>(left.length).fill(-1);
  const toA = new Array<number>(right.length).fill(-1);
  const contentA = contentOf(left);
  const contentB = contentOf(right);
  const pairs: Pair[] = [];
  const join = (i: number, j: number, match: Match, inOrder: boolean) => {
    toB[i] = j;
    toA[j] = i;
    pairs.push({ a: i, b: j, match, inOrder });
  };
  inOrder(left, right, (i, j) => {
    const x = left[i];
    const y = right[j];
    if (x && y) join(i, j, x.lower === y.lower ? 'equal' : x.kind === 'number' ? 'number' : 'form', true);
  });
  const try_ = (compare: (x: Token, y: Token) => Match | undefined) => {
    for (const i of contentA) {
      const x = left[i];
      if (toB[i] !== -1 || !x) continue;
      for (const j of contentB) {
        const y = right[j];
        const match = toA[j] === -1 && y ? compare(x, y) : undefined;
        if (!match) continue;
        join(i, j, match, fits(i, j, toB, toA));
        break;
      }
    }
  };
  try_((x, y) => (keyOf(x) === keyOf(y) ? (x.lower === y.lower ? 'equal' : 'form') : undefined));
  try_(sameNumber);
  try_(typo);
  joinCompounds(left, right, toB, toA, contentA, join);
  joinCompounds(right, left, toA, toB, contentB, (j, i, match, order) => join(i, j, match, order));
  joinAcronyms(
    { tokens: left, content: contentA, taken: toB },
    { tokens: right, content: contentB, taken: toA },
    (i, j) => join(i, j, 'compound', true),
  );
  joinAcronyms(
    { tokens: right, content: contentB, taken: toA },
    { tokens: left, content: contentA, taken: toB },
    (j, i) => join(i, j, 'compound', true),
  );
  try_((x, y) => (x.kind === 'word' && y.kind === 'word' && meansSame(x, y) ? 'same' : undefined));
  try_((x, y) =>
    x.kind === 'word' && y.kind === 'word' && !x.capital && !y.capital && relationOf(x.lemma, y.lemma) === 'near'
      ? 'near'
      : undefined,
  );
  const restA = contentA.filter((i) => toB[i] === -1);
  const restB = contentB.filter((j) => toA[j] === -1);
  return {
    pairs,
    onlyA: restA.flatMap((i) => left[i] ?? []),
    onlyB: restB.flatMap((j) => right[j] ?? []),
    substitutions: substitute(left, right, restA, restB, (i, j) => fits(i, j, toB, toA)),
    moved: pairs.filter(({ inOrder: order, a: i }) => !order && isContent(left[i] as Token)).length,
  };
}

function contentOf(tokens: readonly Token[]): number[] {
  const places: number[] = [];
  for (let i = 0; i < tokens.length; i += 1) if (isContent(tokens[i] as Token)) places.push(i);
  return places;
}

function keyOf({ kind, text, lemma }: Token): string {
  return kind === 'literal' || kind === 'id' ? text : lemma;
}

/** The table of one comparison after the other. */
let table = new Uint16Array(1024);

/** Tells the longest common subsequence of keys, place by place. */
function inOrder(left: readonly Token[], right: readonly Token[], found: (i: number, j: number) => void): void {
  const [x, y] = numbered(left, right);
  const width = y.length + 1;
  const cells = (x.length + 1) * width;
  if (table.length < cells) table = new Uint16Array(cells);
  const best = table;
  best.fill(0, x.length * width, cells);
  for (let i = x.length - 1; i >= 0; i -= 1) {
    // Words with a meaning count more than those that hold the sentence together.
    const gain = left[i]?.kind === 'function' ? 1 : 3;
    const here = i * width;
    const below = here + width;
    best[here + y.length] = 0;
    for (let j = y.length - 1; j >= 0; j -= 1) {
      const skip = Math.max(best[below + j] ?? 0, best[here + j + 1] ?? 0);
      const take = x[i] === y[j] ? (best[below + j + 1] ?? 0) + gain : 0;
      best[here + j] = Math.max(skip, take);
    }
  }
  for (let i = 0, j = 0; i < x.length && j < y.length; ) {
    const here = best[i * width + j] ?? 0;
    const gain = left[i]?.kind === 'function' ? 1 : 3;
    if (x[i] === y[j] && here === (best[(i + 1) * width + j + 1] ?? 0) + gain) {
      found(i, j);
      i += 1;
      j += 1;
    } else if (here === (best[(i + 1) * width + j] ?? 0)) i += 1;
    else j += 1;
  }
}

/** Numbers in place of keys, the same for the same key: each cell of the table compares two of them. */
function numbered(left: readonly Token[], right: readonly Token[]): [number[], number[]] {
  const numbers = new Map<string, number>();
  const x = left.map((token) => {
    const key = keyOf(token);
    const known = numbers.get(key) ?? numbers.size;
    numbers.set(key, known);
    return known;
  });
  return [x, right.map((token) => numbers.get(keyOf(token)) ?? -1)];
}

/** Whether a pair lies between the same neighbours on both sides. */
function fits(i: number, j: number, toB: readonly number[], toA: readonly number[]): boolean {
  for (let k = i - 1; k >= 0; k -= 1) {
    const other = toB[k] ?? -1;
    if (other >= 0) return other < j && anchorBefore(j, toA) <= i;
  }
  return anchorBefore(j, toA) <= i;
}

function anchorBefore(j: number, toA: readonly number[]): number {
  for (let k = j - 1; k >= 0; k -= 1) {
    const other = toA[k] ?? -1;
    if (other >= 0) return other;
  }
  return -1;
}

/** Two numbers that are the same number: of one dimension, or one of them bare. */
function sameNumber(x: Token, y: Token): Match | undefined {
  const p = x.quantity;
  const q = y.quantity;
  if (!p || !q) return undefined;
  if (p.dimension === q.dimension) return p.value === q.value ? 'number' : undefined;
  const isBare = p.dimension === '' || q.dimension === '' || (p.dimension === 'pound') !== (q.dimension === 'pound');
  return isBare && p.bare === q.bare && p.dimension !== 'points' && q.dimension !== 'points' ? 'number' : undefined;
}

/** A slip of the pen: few edits, and one of the two is no word. */
function typo(x: Token, y: Token): Match | undefined {
  if (x.kind !== 'word' || y.kind !== 'word') return undefined;
  if (x.known && y.known) return undefined;
  const length = Math.min(x.lower.length, y.lower.length);
  if (length < 3) return undefined;
  // Two short strings that are no words are two names of formats, tickers or parts: "xls" is not "xlsx".
  if (!x.known && !y.known && length < 5) return undefined;
  if (compareClasses(x.lower, y.lower) === 'different') return undefined;
  // Two names that differ are two names, unless a long one lacks a letter or two letters changed places.
  const isOfClass = [x, y].some(({ lower }) => classesOf.has(lower.replace(/s$/, '')));
  if (
    x.capital &&
    y.capital &&
    length < 7 &&
    !isOfClass &&
    [...x.lower].sort().join('') !== [...y.lower].sort().join('')
  )
    return undefined;
  // Of rare words the next is another word: "fluoxetine", "fluvoxamine".
  const isCommon = isOfClass || [x, y].some(({ known, lemma }) => known && commonness(lemma) > 0);
  const limit = length < 5 || !isCommon ? 1 : 2;
  if (editDistance(x.lower, y.lower, limit + 1) > limit) return undefined;
  // Hands slip behind the first letter, or exchange it with the second: "gmail" is not "email".
  return x.lower[0] === y.lower[0] || x.lower[0] === y.lower[1] ? 'typo' : undefined;
}

function meansSame(x: Token, y: Token): boolean {
  const byClass = compareClasses(x.lower, y.lower);
  if (byClass !== 'unknown') return byClass === 'same';
  if (relationOf(x.lemma, y.lemma) === 'same') return true;
  const isForm = x.lower !== x.lemma || y.lower !== y.lemma;
  return isForm && relationOf(x.lower, y.lower) === 'same';
}

/** "hefe teig" and "Hefeteig", "file name" and "filename". */
function joinCompounds(
  left: readonly Token[],
  right: readonly Token[],
  toB: readonly number[],
  toA: number[],
  content: readonly number[],
  join: (i: number, j: number, match: Match, inOrder: boolean) => void,
): void {
  // Those that were open before the first of them was joined.
  for (const i of content.filter((place) => toB[place] === -1)) {
    const whole = left[i]?.lower ?? '';
    if (whole.length < 5 || left[i]?.kind !== 'word') continue;
    for (let j = 0; j + 1 < right.length; j += 1) {
      const first = right[j];
      const second = right[j + 1];
      if (!first || !second || ((toA[j] ?? -1) >= 0 && (toA[j + 1] ?? -1) >= 0)) continue;
      if (first.lower.length + second.lower.length !== whole.length) continue;
      if (!whole.startsWith(first.lower) || !whole.endsWith(second.lower)) continue;
      if ((toA[j] ?? -1) === -1) join(i, j, 'compound', true);
      if ((toA[j + 1] ?? -1) === -1) toA[j + 1] = i;
      break;
    }
  }
}
