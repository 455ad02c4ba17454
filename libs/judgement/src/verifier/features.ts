/** What two signatures, their alignment and the cosine of their embeddings say, as one row of numbers for the model. */

import { compareClasses } from '../signature/closed-classes.ts';
import type { Quantity } from '../signature/quantity.ts';
import { type QuestionType, type Signature, signatureOf, type Token } from '../signature/signature.ts';
import { framingWords } from '../signature/word-lists.ts';
import { type Alignment, align, type Match } from './align.ts';
import { trigramOverlap } from './letters.ts';
import { compareOrder, type Order } from './order.ts';
import { endedApart, negatedApart, scopeDifference, smallOpposites, turnedForms } from './polarity.ts';
import type { Substitution } from './substitutions.ts';

/** A comparison with everything that rules and model look at. */
export interface Comparison {
  readonly a: Signature;
  readonly b: Signature;
  readonly alignment: Alignment;
  readonly order: Order;
  /** Numbers that only one side has, [a, b]. */
  readonly numbersOnly: readonly [readonly Quantity[], readonly Quantity[]];
  /** Negations apart plus opposites: odd means that the questions are turned round. */
  readonly polarity: number;
  readonly opposites: number;
  readonly features: Readonly<Record<string, number>>;
}

const weightOf = (tokens: readonly Token[]) => tokens.reduce((sum, { weight }) => sum + weight, 0);
const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(value, most), 0);

/** Compares two questions; the same whichever comes first, but for what is marked as only on one side. */
export function compareSignatures(a: Signature, b: Signature, cosine: number): Comparison {
  const alignment = align(a, b);
  const order = compareOrder(a, b, alignment);
  const { onlyA, onlyB, substitutions } = alignment;
  const numbersOnly = [quantitiesOf(onlyA), quantitiesOf(onlyB)] as const;
  const opposites =
    substitutions.filter(({ relation }) => relation === 'opposite').length +
    turnedForms(alignment, a, b) +
    smallOpposites(a, b) +
    endedApart(a, b);
  const negations = Math.abs(a.negations - b.negations);
  const polarity = negations + opposites;
  const matches = countMatches(alignment, a, b);
  const matchedA = a.weight - weightOf(onlyA);
  const matchedB = b.weight - weightOf(onlyB);
  const [fewer, more] = weightOf(onlyA) < weightOf(onlyB) ? [onlyA, onlyB] : [onlyB, onlyA];
  const strongest = strongestOf(substitutions);
  const scope = scopeDifference(a, b);
  const type = compareTypes(a.type, b.type);
  const shortest = Math.min(a.tokens.length, b.tokens.length);
  const longest = Math.max(a.tokens.length, b.tokens.length);
  const features: Record<string, number> = {
    cosine,
    length: shortest,
    lengthRatio: shortest / Math.max(1, longest),
    content: Math.min(contentCount(a), contentCount(b)),
    onlyFewer: fewer.length,
    onlyMore: more.length,
    weightFewer: weightOf(fewer),
    weightMore: weightOf(more),
    heaviestFewer: largest(fewer.map(({ weight }) => weight)),
    heaviestMore: largest(more.map(({ weight }) => weight)),
    sharedLeast: Math.min(matchedA / Math.max(0.1, a.weight), matchedB / Math.max(0.1, b.weight)),
    sharedMost: Math.max(matchedA / Math.max(0.1, a.weight), matchedB / Math.max(0.1, b.weight)),
    equal: matches.equal,
    forms: matches.form,
    typos: matches.typo,
    same: matches.same,
    near: matches.near,
    compounds: matches.compound,
    moved: alignment.moved,
    substitutions: substitutions.length,
    opposites,
    classes: count(substitutions, 'class'),
    siblings: count(substitutions, 'sibling'),
    lookalikes: count(substitutions, 'lookalike'),
    others: count(substitutions, 'none'),
    strongest: strongest ? Math.min(strongest.a.weight, strongest.b.weight) : 0,
    strongestDistance: strongest?.distance ?? 0,
    strongestKnown: strongest ? (strongest.a.known ? 1 : 0) + (strongest.b.known ? 1 : 0) : -1,
    strongestCapital: strongest ? (strongest.a.capital ? 1 : 0) + (strongest.b.capital ? 1 : 0) : -1,
    oneForOne: onlyA.length === 1 && onlyB.length === 1 ? 1 : 0,
    numbersBoth: Math.min(numbersOnly[0].length, numbersOnly[1].length),
    numbersOne: Math.max(numbersOnly[0].length, numbersOnly[1].length),
    numbersShared: matches.number,
    unitsOnly: unitsDiffer(numbersOnly) ? 1 : 0,
    literals: literalDifference(a, b),
    negations,
    polarity: polarity % 2,
    polaritySum: polarity,
    capitalsFewer: fewer.filter(({ capital }) => capital).length,
    capitalsMore: more.filter(({ capital }) => capital).length,
    quoted: [...onlyA, ...onlyB].filter(({ quoted }) => quoted).length,
    typeYesNo: (a.type === 'yesno') !== (b.type === 'yesno') && a.type !== 'none' && b.type !== 'none' ? 1 : 0,
    ...leftOver(a, b, alignment),
    smallOpposites: smallOpposites(a, b),
    negatedApart: negatedApart(a, b),
    unexplained:
      polarity % 2 === 1
        ? substitutions.filter(({ relation }) => relation === 'none' || relation === 'lookalike').length
        : 0,
    scopeFewer: Math.min(scope[0], scope[1]),
    scopeMore: Math.max(scope[0], scope[1]),
    typeSame: type === 'same' ? 1 : 0,
    typeConflict: type === 'conflict' ? 1 : 0,
    typeLoose: type === 'loose' ? 1 : 0,
    tense: a.tense !== '' && b.tense !== '' && a.tense !== b.tense ? 1 : 0,
    modal: a.modal !== '' && b.modal !== '' && a.modal !== b.modal ? 1 : 0,
    exchangedRoles: order.exchangedRoles,
    exchanged: order.exchanged,
    coordinated: order.coordinated,
    changedRoles: order.changedRoles,
    turned: order.turned ? 1 : 0,
    disorder: order.disorder,
    sentences: Math.abs(a.sentences - b.sentences),
    functionDifference: functionDifference(a, b),
    pronouns: pronounDifference(a, b),
    letters: trigramOverlap(a, b),
    framingOnly:
      more.every(({ lemma }) => framingWords.has(lemma)) && fewer.every(({ lemma }) => framingWords.has(lemma)) ? 1 : 0,
    cosineShared: cosine * Math.min(matchedA / Math.max(0.1, a.weight), matchedB / Math.max(0.1, b.weight)),
  };
  return { a, b, alignment, order, numbersOnly, polarity, opposites, features };
}

function contentCount({ tokens }: Signature): number {
  return tokens.filter(({ kind }) => kind !== 'function').length;
}

function count(substitutions: readonly Substitution[], relation: Substitution['relation']): number {
  return substitutions.filter((each) => each.relation === relation).length;
}

function countMatches(alignment: Alignment, a: Signature, _b: Signature): Record<Match, number> {
  const found: Record<Match, number> = { equal: 0, form: 0, number: 0, typo: 0, same: 0, near: 0, compound: 0 };
  for (const { a: i, match } of alignment.pairs) {
    const token = a.tokens[i];
    if (token && token.kind !== 'function') found[token.kind === 'number' ? 'number' : match] += 1;
  }
  return found;
}

const narrowing = new Set(
  'for in at on with without from of as under after before during to about among within'.split(' '),
);

/**
 * What is left over stands in the sentence that asks, or beside it: "for my startup" narrows the question, "I am new to this." does not.
 */
function leftOver(a: Signature, b: Signature, { pairs, onlyA, onlyB }: Alignment): Record<string, number> {
  const asking = (tokens: readonly Token[], places: readonly number[]) => {
    const weights = new Map<number, number>();
    for (const place of places) {
      const token = tokens[place];
      if (token) weights.set(token.sentence, (weights.get(token.sentence) ?? 0) + token.weight);
    }
    let main = 0;
    let most = Number.NEGATIVE_INFINITY;
    for (const [sentence, weight] of weights) if (weight > most) [main, most] = [sentence, weight];
    return main;
  };
  const mainA = asking(
    a.tokens,
    pairs.map((pair) => pair.a),
  );
  const mainB = asking(
    b.tokens,
    pairs.map((pair) => pair.b),
  );
  const inside = [
    onlyA.filter(({ sentence }) => sentence === mainA),
    onlyB.filter(({ sentence }) => sentence === mainB),
  ];
  const weights = inside.map((tokens) => weightOf(tokens.filter(({ lemma }) => !framingWords.has(lemma))));
  const narrowed = inside.map(
    (tokens) => tokens.filter(({ role, lemma }) => narrowing.has(role) && !framingWords.has(lemma)).length,
  );
  return {
    leftInsideFewer: Math.min(...weights),
    leftInsideMore: Math.max(...weights),
    narrowedFewer: Math.min(...narrowed),
    narrowedMore: Math.max(...narrowed),
  };
}

function quantitiesOf(tokens: readonly Token[]): Quantity[] {
  return tokens.flatMap(({ quantity }) => (quantity && !quantity.optional ? [quantity] : []));
}

function unitsDiffer([a, b]: Comparison['numbersOnly']): boolean {
  return a.some((x) => b.some((y) => x.bare === y.bare && (x.dimension !== y.dimension || x.value !== y.value)));
}

function strongestOf(substitutions: readonly Substitution[]): Substitution | undefined {
  let best: Substitution | undefined;
  let most = -1;
  for (const each of substitutions) {
    const weight = Math.min(each.a.weight, each.b.weight) + (each.relation === 'none' ? 0 : 1);
    if (weight > most) [best, most] = [each, weight];
  }
  return best;
}

/** Literals and ids that only one side has; order and repetition count for nothing. */
export function literalDifference(a: Signature, b: Signature): number {
  const left = new Set(a.literals);
  const right = new Set(b.literals);
  return a.literals.filter((each) => !right.has(each)).length + b.literals.filter((each) => !left.has(each)).length;
}

const strictTypes = new Set<QuestionType>([
  'how_many',
  'how_much',
  'how_long',
  'how_often',
  'how',
  'why',
  'when',
  'where',
  'who',
]);

/** Whether two kinds of question can have one answer. */
export function compareTypes(a: QuestionType, b: QuestionType): 'same' | 'conflict' | 'loose' | 'unknown' {
  if (a === b) return 'same';
  if (a === 'none' || b === 'none') return 'unknown';
  return strictTypes.has(a) && strictTypes.has(b) ? 'conflict' : 'loose';
}

function functionDifference(a: Signature, b: Signature): number {
  return apart(a, b, ({ kind, lower }) => (kind === 'function' ? lower : ''));
}

/** How many of the words that `of` takes from the tokens only one of the two has. */
function apart(a: Signature, b: Signature, of: (token: Token) => string): number {
  const left = new Set<string>();
  for (const token of a.tokens) {
    const word = of(token);
    if (word !== '') left.add(word);
  }
  const right = new Set<string>();
  let shared = 0;
  for (const token of b.tokens) {
    const word = of(token);
    if (word === '' || right.has(word)) continue;
    right.add(word);
    if (left.has(word)) shared += 1;
  }
  return left.size + right.size - 2 * shared;
}

function pronounDifference(a: Signature, b: Signature): number {
  return apart(a, b, ({ lemma }) => (people.has(lemma) ? lemma : ''));
}

const people: ReadonlySet<string> = new Set(['he', 'she', 'they', 'it']);

/** Whether two left-over words name two things of one closed class. */
export function namesAnother({ a, b, relation }: Substitution): boolean {
  return relation === 'class' || compareClasses(a.lower, b.lower) === 'different';
}

const nothing = signatureOf('');

/** The names of the features in the order of the model's inputs. */
export const featureNames: readonly string[] = Object.keys(compareSignatures(nothing, nothing, 0).features);
