/**
 * What no probability may overrule: differences that embeddings cannot see and that make another question whatever else is alike. Each
 * has a name, and the cache counts refusals by it.
 */

import type { Signature } from '../signature/signature.ts';
import { negators } from '../signature/word-lists.ts';
import { isOtherWayRound } from './causes.ts';
import { type Comparison, compareTypes, literalDifference, namesAnother } from './features.ts';
import type { Substitution } from './substitutions.ts';

/** Why a candidate was refused before any probability. */
export type RuleRefusal =
  | 'literal'
  | 'id'
  | 'number'
  | 'unit'
  | 'class'
  | 'entity'
  | 'opposite'
  | 'polarity'
  | 'question_type'
  | 'connective'
  | 'direction'
  | 'word_order'
  | 'quoted_text'
  | 'case';

/** Questions that share most of their words: here a rule's finding is the difference, elsewhere it is one of many. */
const mostlyShared = 0.7;

/** The first rule that a comparison breaks. */
export function refusalOf(comparison: Comparison): RuleRefusal | undefined {
  const { a, b, alignment, numbersOnly, order, features } = comparison;
  const { onlyA, onlyB, substitutions } = alignment;
  const isNear = (features.sharedLeast ?? 0) >= mostlyShared;
  const ids = [onlyA, onlyB].map((only) => only.filter(({ kind }) => kind === 'id').length);
  if (Math.min(...ids) > 0 || (isNear && Math.max(...ids) > 0)) return 'id';
  if (literalDifference(a, b) > 0 && (isNear || (a.literals.length > 0 && b.literals.length > 0))) return 'literal';
  if (caseDiffers(comparison)) return 'case';
  const numbers = numbersOnly.map(({ length }) => length);
  if (Math.min(...numbers) > 0) return features.unitsOnly === 1 ? 'unit' : 'number';
  if (isNear && Math.max(...numbers) > 0) return 'number';
  if (substitutions.some(namesAnother)) return 'class';
  if (substitutions.some(isAnotherName)) return 'entity';
  const isOneForOne = features.oneForOne === 1 && substitutions.length === 1;
  if (
    comparison.polarity % 2 === 1 &&
    (isNear || (isOneForOne && comparison.opposites === 1)) &&
    features.unexplained === 0
  )
    return comparison.opposites > 0 ? 'opposite' : 'polarity';
  if (isNear && (features.negatedApart ?? 0) > 0 && !isInverted(a) && !isInverted(b)) return 'polarity';
  if (isNear && compareTypes(a.type, b.type) === 'conflict') return 'question_type';
  if (isNear && isOtherConnective(comparison)) return 'connective';
  if ((isNear && order.exchangedRoles > 0) || isOtherWayRound(a, b)) return 'direction';
  if (
    isNear &&
    isSentence(a) === isSentence(b) &&
    ((order.exchanged > 0 && !order.turned) || isTurnedRound(comparison))
  )
    return 'word_order';
  if (quotesDiffer(comparison)) return 'quoted_text';
  return undefined;
}

/** Bare key words ("python list reverse") come in any order. */
function isSentence({ tokens }: Signature): boolean {
  return tokens.some(({ kind }) => kind === 'function');
}

/** "Why don't people …": the negation stands before who does it, and says nothing of what it is put on. */
function isInverted({ tokens, type }: Signature): boolean {
  return type !== 'none' && tokens.slice(0, 3).some(({ lower }) => negators.has(lower));
}

/** Both quote the same text but for a word or its place: in a quotation every word counts, small ones too. */
function quotesDiffer({ a, b }: Comparison): boolean {
  const [x, y] = [a, b].map(({ tokens }) => tokens.filter(({ quoted }) => quoted).map(({ lemma }) => lemma)) as [
    string[],
    string[],
  ];
  if (Math.min(x.length, y.length) < 3 || x.join(' ') === y.join(' ')) return false;
  const other = new Set(y);
  return x.filter((each) => other.has(each)).length >= 0.6 * Math.max(x.length, y.length);
}

/** "A or B" on one side, "A and B" on the other. */
function isOtherConnective({ a, b }: Comparison): boolean {
  const count = ({ tokens }: Signature, word: string) => tokens.filter(({ lower }) => lower === word).length;
  return (count(a, 'or') - count(b, 'or')) * (count(b, 'and') - count(a, 'and')) > 0;
}

function isAnotherName({ a, b }: Substitution): boolean {
  return a.capital && b.capital && !a.lower.startsWith(b.lower) && !b.lower.startsWith(a.lower);
}

/** Passive on one side, and nobody changed places: "did X keep Y", "was X kept by Y". */
function isTurnedRound({ alignment, order, a, b }: Comparison): boolean {
  if (!order.turned || order.exchanged > 0) return false;
  return (
    alignment.onlyA.length + alignment.onlyB.length === 0 &&
    a.tokens.length < 12 &&
    b.tokens.length < 12 &&
    order.disorder === 0
  );
}

/** "Co" and "CO", "C" and "c" beside each other: a short word in capitals is another word than the same with one capital. */
function caseDiffers({ a, b, alignment }: Comparison): boolean {
  if (a.shouting || b.shouting || a.tokens.length > 6 || b.tokens.length > 6) return false;
  return alignment.pairs.some(({ a: i, b: j }) => {
    const x = a.tokens[i]?.text ?? '';
    const y = b.tokens[j]?.text ?? '';
    if (x === y || x.length > 3 || x.length < 2 || x.toLowerCase() !== y.toLowerCase()) return false;
    const isUpper = (word: string) => word === word.toUpperCase() && word !== word.toLowerCase();
    const isTitle = (word: string) => /^\p{Lu}\p{Ll}+$/u.test(word);
    return ((isUpper(x) && isTitle(y)) || (isTitle(x) && isUpper(y))) && a.tokens[i]?.capital === true;
  });
}
