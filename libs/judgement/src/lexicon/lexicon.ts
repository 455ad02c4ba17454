/**
 * What the verifier knows of English words: which mean the same, which are opposites, which are two of a kind ("dog", "cat"), how
 * common a word is, and whether a string is a word at all. From WordNet 3.1 (`WORDNET-NOTICE`), built by
 * `loadtest/src/quality/fit-lexicon.ts`, with opposites and doubles that WordNet lacks added by hand. Words of other languages are
 * simply unknown here.
 */
import { bloomPlaces } from './bloom.ts';
import { doubles, irregular, opposites } from './by-hand.ts';
import data from './lexicon.json' with { type: 'json' };

interface Entry {
  readonly level: number;
  readonly senses: readonly number[];
  /** For each sense: n, v, a or r. */
  readonly parts: string;
}

/** How two different words relate, from nearest to farthest. */
export type Relation = 'same' | 'near' | 'opposite' | 'sibling' | 'none';

const entries = new Map<string, Entry>();
for (const item of data.words.split(' ')) {
  const colon = item.indexOf(':');
  const list = item
    .slice(colon + 2)
    .split('.')
    .filter((sense) => sense !== '');
  entries.set(item.slice(0, colon), {
    level: Number.parseInt(item[colon + 1] ?? '0', 16),
    senses: list.map((sense) => Number.parseInt(sense.slice(1), 36)),
    parts: list.map((sense) => sense[0]).join(''),
  });
}
const above = Int32Array.from(data.above.split(' '), (place) => (place === '' ? -1 : Number.parseInt(place, 36)));
const depths = Uint8Array.from(above, (_, place) => {
  let depth = 0;
  for (let at = above[place] ?? -1; at >= 0 && depth < 20; at = above[at] ?? -1) depth += 1;
  return depth;
});
const opposedSenses = new Set<number>();
/** 1 for a sense that has an opposite at all: few have. */
const isOpposed = new Uint8Array(above.length);
for (const pair of data.opposed.split(' ')) {
  const [a = 0, b = 0] = pair.split('~').map((place) => Number.parseInt(place, 36));
  opposedSenses.add(pairKey(a, b));
  isOpposed[a] = 1;
  isOpposed[b] = 1;
}
const oppositeWords = new Set(data.opposites.split(' '));
for (const line of opposites) {
  const [left = '', right = ''] = line.split(' | ');
  for (const a of left.split(' ')) for (const b of right.split(' ')) oppositeWords.add([a, b].sort().join('~'));
}
/** Words that have an opposite at all. */
const opposedWords = new Set([...oppositeWords].flatMap((pair) => pair.split('~')));
const doubleOf = new Map<string, number[]>();
for (const [place, line] of doubles.entries()) {
  for (const word of line.split(' ')) doubleOf.set(word, [...(doubleOf.get(word) ?? []), place]);
}
const bits = Buffer.from(data.bloom, 'base64');
const irregularForms = new Map<string, string>();
for (const line of irregular) {
  const [base = '', ...forms] = line.split(' ');
  for (const form of forms) irregularForms.set(form, base);
}

function pairKey(a: number, b: number): number {
  return a < b ? a * 65_536 + b : b * 65_536 + a;
}

/** 0 (rare or unknown) to 15: the logarithm of how often a word was seen. */
export function commonness(lemma: string): number {
  return entries.get(lemma)?.level ?? 0;
}

/** Parts of speech of a lemma's common senses, out of n, v, a, r; empty where unknown. */
export function partsOf(lemma: string): string {
  return entries.get(lemma)?.parts ?? '';
}

/** Whether this is (very probably) an English word or a form of one. */
export function isKnown(word: string): boolean {
  return irregularForms.has(word) || inFilter(word) || (word.length > 3 && inFilter(lemmaOf(word)));
}

function inFilter(word: string): boolean {
  if (word.length < 2) return true;
  return bloomPlaces(word).every((place) => ((bits[place >> 3] ?? 0) >> (place & 7)) & 1);
}

const lemmas = new Map<string, string>();

/** The base form: "queries" gives "query", "ran" gives "run"; a form that is not understood is returned as it is. */
export function lemmaOf(word: string): string {
  const known = lemmas.get(word);
  if (known !== undefined) return known;
  const lemma = toLemma(word);
  if (lemmas.size > 20_000) lemmas.clear();
  lemmas.set(word, lemma);
  return lemma;
}

function toLemma(word: string): string {
  const special = irregularForms.get(word);
  if (special) return special;
  if (word.length < 4 || !/^[a-z]+$/.test(word)) return word;
  const found = [...pluralBases(word), ...verbBases(word)].filter((base) => base.length > 2 && /[aeiouy]/.test(base));
  for (const base of found) if (entries.has(base)) return base;
  if (entries.has(word)) return word;
  for (const base of found) if (inFilter(base) && base.length > 3) return base;
  // "Menus", "taxis"; most that end so are no plurals: "status", "basis".
  if (/[iu]s$/.test(word) && entries.has(word.slice(0, -1))) return word.slice(0, -1);
  if (inFilter(word)) return word;
  return isPlural(word) ? word.slice(0, -1) : word;
}

function isPlural(word: string): boolean {
  return word.endsWith('s') && !/(?:ss|us|is)$/.test(word);
}

/** "News" is no plural of "new", nor "economics" one of "economic": a word of its own without such a sense of noun or verb. */
function pluralBases(word: string): string[] {
  if (!isPlural(word)) return [];
  const cut = (count: number, ending = '') => word.slice(0, -count) + ending;
  const found = [cut(1)];
  if (/(?:s|x|z|ch|sh|o)es$/.test(word)) found.unshift(cut(2));
  if (word.endsWith('ies')) found.unshift(cut(3, 'y'));
  return entries.has(word) ? found.filter((base) => /[nv]/.test(partsOf(base))) : found;
}

/** Verbs first: "changed" comes of "change" and not of "chang", "suited" of "suit" and not of "suite". */
function verbBases(word: string): string[] {
  const ending = ['ed', 'ing'].find((each) => word.endsWith(each));
  if (!ending) return [];
  const stem = word.slice(0, -ending.length);
  // "Need" and "seed" are no forms; "agreed" is.
  if (!/[aeiouy]/.test(stem) || /^.?e$/.test(stem)) return [];
  const found = ending === 'ed' && stem.endsWith('i') ? [`${stem.slice(0, -1)}y`] : [];
  if (/([bdgklmnprtv])\1$/.test(stem)) return [...found, stem.slice(0, -1), stem, `${stem}e`];
  found.push(...(/[aeiou][^aeiouwxy]$/.test(stem) ? [`${stem}e`, stem] : [stem, `${stem}e`]));
  const isVerb = (base: string) => partsOf(base).includes('v');
  return [...found.filter(isVerb), ...found.filter((base) => !isVerb(base))];
}

/** What of a lemma is compared. */
interface Comparable {
  readonly entry: Entry | undefined;
  readonly stem: string;
  readonly doubles: readonly number[] | undefined;
  readonly isOpposed: boolean;
}

const comparables = new Map<string, Comparable>();

/** Found once: each word of a question meets each of another. */
function comparableOf(lemma: string): Comparable {
  const known = comparables.get(lemma);
  if (known) return known;
  const made = {
    entry: entries.get(lemma),
    stem: stem(lemma),
    doubles: doubleOf.get(lemma),
    isOpposed: opposedWords.has(lemma),
  };
  if (comparables.size > 20_000) comparables.clear();
  comparables.set(lemma, made);
  return made;
}

/** How two lemmas relate; equal ones are 'same'. */
export function relationOf(a: string, b: string): Relation {
  if (a === b) return 'same';
  const x = comparableOf(a);
  const y = comparableOf(b);
  if (x.isOpposed && y.isOpposed && oppositeWords.has(a < b ? `${a}~${b}` : `${b}~${a}`)) return 'opposite';
  if (a.length < b.length ? isPrefixOpposite(a, b) : isPrefixOpposite(b, a)) return 'opposite';
  if (haveOpposedEnds(a, b)) return 'opposite';
  if (x.doubles && y.doubles && haveOneInCommon(x.doubles, y.doubles)) return 'same';
  const isAkin = x.stem === y.stem;
  return x.entry && y.entry ? relationOfSenses(x.entry, y.entry, isAkin) : isAkin ? 'near' : 'none';
}

function haveOneInCommon(some: readonly number[], others: readonly number[]): boolean {
  return some.some((each) => others.includes(each));
}

function relationOfSenses(left: Entry, right: Entry, isAkin: boolean): Relation {
  let relation: Relation = isAkin ? 'near' : 'none';
  for (const x of left.senses) {
    for (const y of right.senses) {
      if (x === y) return 'same';
      const up = above[x] ?? -1;
      const other = above[y] ?? -1;
      if (areOpposed(x, y) || (up >= 0 && other >= 0 && areOpposed(up, other))) relation = 'opposite';
      else if ((up === y || other === x) && relation !== 'opposite') relation = 'near';
      else if (relation === 'none' && areOfAKind(x, y)) relation = 'sibling';
    }
  }
  return relation;
}

function areOpposed(x: number, y: number): boolean {
  return isOpposed[x] === 1 && isOpposed[y] === 1 && opposedSenses.has(pairKey(x, y));
}

/** Two of a kind: a common ancestor at most three steps up on either side, and not so high that it means "thing" or "act". */
function areOfAKind(x: number, y: number): boolean {
  let a = x;
  for (let i = 0; i < 3; i += 1) {
    a = above[a] ?? -1;
    if (a < 0) return false;
    let b = y;
    for (let j = 0; j < 3; j += 1) {
      b = above[b] ?? -1;
      if (b === a) return (depths[a] ?? 0) >= (i + j < 1 ? 3 : 5);
    }
  }
  return false;
}

const prefixes = ['un', 'in', 'im', 'il', 'ir', 'dis', 'non', 'mis', 'de', 'dys', 'anti'];

function isPrefixOpposite(short: string, long: string): boolean {
  if (short.length < 3) return false;
  const rest = long.length - short.length;
  // "Symptomatic" and "asymptomatic"; "round" and "around" are not of this kind.
  if (short.length > 5 && rest <= 2 && long.endsWith(short))
    if (rest === 1 ? long[0] === 'a' : long.startsWith('an') && /^[aeiou]/.test(short)) return true;
  if (rest <= 4 && long.endsWith(short)) {
    const prefix = long.slice(0, rest);
    return prefixes.includes(prefix) && !(prefix === 'in' && short === 'form');
  }
  return short.endsWith('ful') && long.endsWith('less') && short.slice(0, -3) === long.slice(0, -4);
}

/** Beginnings that make opposites, or two of a kind, of one and the same rest: "hypertension", "hypotension". */
const opposedPrefixes: readonly (readonly [string, string])[] = (
  'hyper hypo|pre post|up down|intra extra|intra inter|intra infra|endo exo|macro micro|in de|im e|in ex|im ex|in out|homo hetero|mono poly|over under|sub super|' +
  'pre suf|maxi mini|an cath|ana cata|uni bi|uni multi|bi tri|uni tri|mono di|single multi|eu dys|brady tachy|en de|as de|pro anti|pro retro|ante post'
)
  .split('|')
  .map((pair) => pair.split(' ') as [string, string]);

function haveOpposedEnds(a: string, b: string): boolean {
  if (a.length < 5 || b.length < 5) return false;
  // "Lessor" and "lessee": who does it and whom it is done to.
  if (a.length === b.length && a.slice(0, -2) === b.slice(0, -2) && areDoerAndDone(a.slice(-2), b.slice(-2)))
    return true;
  if (a.at(-1) !== b.at(-1) || a.at(-2) !== b.at(-2)) return false;
  return opposedPrefixes.some(([p, q]) => isExchanged(a, b, p, q) || isExchanged(b, a, p, q));
}

function areDoerAndDone(one: string, other: string): boolean {
  return one === 'ee' ? other === 'or' || other === 'er' : other === 'ee' && (one === 'or' || one === 'er');
}

function isExchanged(a: string, b: string, p: string, q: string): boolean {
  const rest = a.length - p.length;
  return (
    rest >= 3 && rest === b.length - q.length && a.startsWith(p) && b.startsWith(q) && a.endsWith(b.slice(q.length))
  );
}

/** Endings off, so that "payment" meets "pay" and "closure" meets "close"; crude, only for comparing. */
function stem(word: string): string {
  return word.length < 5
    ? word
    : word
        .replace(
          /(?:ations?|itions?|ments?|ness|ingly|ings?|ers?|ors?|ally|ly|ity|ance|ence|ures?|ions?|able|ible|ive|al|es|ed|e|y|s)$/,
          '',
        )
        .slice(0, 12);
}
