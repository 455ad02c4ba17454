/**
 * What no probability may overrule: differences that embeddings cannot see and that make another question whatever else is alike. Each
 * has a name, and the cache counts refusals by it.
 */

import { relationOf } from '../lexicon/lexicon.ts';
import type { Signature, Token } from '../signature/signature.ts';
import { negators } from '../signature/word-lists.ts';
import { type Comparison, compareTypes, literalDifference, namesAnother } from './features.ts';
import { isJoinedOtherwise, isOtherSequence } from './joining-words.ts';
import { goesWithVerb } from './polarity.ts';
import { areTwoNames } from './rare-words.ts';
import { isOtherScope } from './scope.ts';
import type { Substitution } from './substitutions.ts';
import { isOtherDoer, isOtherEffect } from './who-does-what.ts';

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
  | 'scope'
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
  const isAllElseEqual = [...onlyA, ...onlyB].every(({ kind }) => kind === 'literal');
  const haveLiterals = a.literals.length > 0 && b.literals.length > 0;
  if (literalDifference(a, b) > 0 && (isNear || haveLiterals || isAllElseEqual)) return 'literal';
  if (caseDiffers(comparison)) return 'case';
  const numbers = numbersOnly.map(({ length }) => length);
  if (Math.min(...numbers) > 0) return features.unitsOnly === 1 ? 'unit' : 'number';
  if (isNear && Math.max(...numbers) > 0) return 'number';
  if (substitutions.some(namesAnother)) return 'class';
  if (substitutions.some(isAnotherName)) return 'entity';
  if ((isNear || features.oneForOne === 1) && substitutions.some(areTwoNames)) return 'entity';
  const isOneForOne = features.oneForOne === 1 && substitutions.length === 1;
  const isTwofold = comparison.polarity === 2 && comparison.opposites === 2 && goesWithVerb(a, b);
  if (
    (comparison.polarity % 2 === 1 || isTwofold) &&
    (isNear || (isOneForOne && (comparison.opposites === 1 || isTwofold))) &&
    features.unexplained === 0
  )
    return comparison.opposites > 0 ? 'opposite' : 'polarity';
  if (isNear && (asksBothSides(a, onlyA) || asksBothSides(b, onlyB))) return 'opposite';
  if ((isNear || features.oneForOne === 1) && isNegatedElsewhere(comparison)) return 'polarity';
  if (isNear && (features.negatedApart ?? 0) > 0 && !isInverted(a) && !isInverted(b)) return 'polarity';
  if (isNear && (isOtherAsk(a, b) || isCounted(a, b) || isCounted(b, a))) return 'question_type';
  if ((isNear && isOtherConnective(comparison)) || isJoinedOtherwise(a, b, alignment)) return 'connective';
  if ((isNear && order.exchangedRoles > 0) || isOtherEffect(a, b, alignment)) return 'direction';
  if (
    isNear &&
    isSentence(a) === isSentence(b) &&
    ((order.exchanged > 0 && !order.turned) || isTurnedRound(comparison))
  )
    return 'word_order';
  const areSentences = isSentence(a) && isSentence(b);
  if (isNear && areSentences && isOtherDoer(a, b, alignment)) return 'direction';
  if (isNear && isOtherSequence(a, b, alignment)) return 'word_order';
  if (isNear && isOtherScope(a, b, alignment)) return 'scope';
  if (quotesDiffer(comparison)) return 'quoted_text';
  return undefined;
}

/** "The pros and cons of it", where the other asks for the pros: what is left over is the opposite of what it is joined to. */
function asksBothSides({ tokens }: Signature, leftOver: readonly Token[]): boolean {
  return leftOver.some((token) => {
    const at = tokens.indexOf(token);
    const [first, last] = [tokens[at - 2], tokens[at + 2]];
    // "Is it good or bad" asks no more than "is it good".
    const isJoined = (word: Token | undefined) => /^(?:and|und|et|y|e)$/.test(word?.lower ?? '');
    const isOpposite = (word: Token | undefined) => word && relationOf(word.lemma, token.lemma) === 'opposite';
    return (isJoined(tokens[at - 1]) && isOpposite(first)) || (isJoined(tokens[at + 1]) && isOpposite(last));
  });
}

/** "Is it legal to vote", "is it illegal not to vote": a "not" behind the opposite does not undo it. */
function isNegatedElsewhere({ a, b, alignment, opposites }: Comparison): boolean {
  if (opposites !== 1 || Math.abs(a.negations - b.negations) !== 1) return false;
  const { tokens } = a.negations > b.negations ? a : b;
  const opposite = alignment.substitutions.find(({ relation }) => relation === 'opposite');
  const at = tokens.findIndex((token) => token === opposite?.a || token === opposite?.b);
  return at >= 0 && !tokens.slice(0, at).some(({ lower }) => negators.has(lower));
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
  const quotedOf = ({ tokens }: Signature) => tokens.filter(({ quoted }) => quoted);
  const lemmasOf = (tokens: readonly Token[]) => tokens.map(({ lemma }) => lemma);
  const [one, two] = [quotedOf(a), quotedOf(b)];
  const [x, y] = [lemmasOf(one), lemmasOf(two)];
  if (x.join(' ') === y.join(' ')) return one.some(({ lower }, i) => lower !== two[i]?.lower);
  if (Math.min(x.length, y.length) < 3) return false;
  const other = new Set(y);
  return x.filter((each) => other.has(each)).length >= 0.6 * Math.max(x.length, y.length);
}

/** "How much is 5 km in miles" asks how many miles are 5 km. */
function isOtherAsk(a: Signature, b: Signature): boolean {
  const isConverted = [a, b].every(({ type, quantities }) => /^how_m/.test(type) && quantities.length > 0);
  // "Is it faster" is answered by yes, "how much faster is it" is not.
  const isMeasured = (one: Signature, other: Signature) => one.type === 'yesno' && /^how_/.test(other.type);
  return (compareTypes(a.type, b.type) === 'conflict' && !isConverted) || isMeasured(a, b) || isMeasured(b, a);
}

/** "How many countries", "which countries". */
function isCounted(a: Signature, b: Signature): boolean {
  if (a.type !== 'how_many' || (b.type !== 'which' && b.type !== 'what')) return false;
  const counted = a.tokens[a.tokens.findIndex(({ lower }) => lower === 'many') + 1];
  const asked = b.tokens[b.tokens.findIndex(({ lower }) => lower === b.type) + 1];
  return counted !== undefined && counted.kind === 'word' && counted.lemma === asked?.lemma;
}

/** "A or B" on one side, "A and B" on the other; "all but A" and "all and A". */
function isOtherConnective({ a, b }: Comparison): boolean {
  const count = ({ tokens }: Signature, word: string) => tokens.filter(({ lower }) => lower === word).length;
  const sparesOne = ({ tokens }: Signature) =>
    /\b(?:all|every|everything|everyone|any|anything|anyone|none|nothing) (?:\S+ )?but\b/.test(
      tokens.map(({ lower }) => lower).join(' '),
    );
  if (sparesOne(a) !== sparesOne(b) && count(a, 'and') !== count(b, 'and')) return true;
  return (count(a, 'or') - count(b, 'or')) * (count(b, 'and') - count(a, 'and')) > 0;
}

function isAnotherName({ a, b }: Substitution): boolean {
  if (!a.capital || !b.capital) return false;
  const [short, long] = a.lower.length < b.lower.length ? [a.lower, b.lower] : [b.lower, a.lower];
  if (!long.startsWith(short)) return true;
  // "Pak", "Pakistan": short for the other. "Austria", "Austrian": of it.
  const rest = long.slice(short.length);
  if (/^ns?$/.test(rest)) return !/[aeio]$/.test(short);
  return short.length > 3 && !/^(?:e?s|i?ans?|ics?|ish|is[mt]s?|ers?|y|i|ji|e?se|land|ia)$/.test(rest);
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

/** "A python" is an animal, "Python" none; "MBps" are bytes, "Mbps" bits. */
function isNameOfThing(a: Signature, i: number, b: Signature, j: number): boolean {
  const [name, thing] = [a.tokens[i], b.tokens[j]];
  if (!name || !thing || name.lower !== thing.lower || name.text === thing.text) return false;
  const isRate = ({ text }: Token) => /^[KMGT]i?[Bb](?:ps)?$/.test(text);
  if (isRate(name) && isRate(thing)) return true;
  const isOne = (tokens: readonly Token[], at: number) => /^an?$/.test(tokens[at - 1]?.lower ?? '');
  // In a longer question "a Data Scientist" is how titles are written.
  if ([a, b].some(({ tokens }) => tokens.filter(({ kind }) => kind !== 'function').length > 1)) return false;
  return name.capital && thing.known && !thing.capital && isOne(b.tokens, j) && !isOne(a.tokens, i);
}

/** "Co" and "CO", "C" and "c" beside each other: a short word in capitals is another word than the same with one capital. */
function caseDiffers({ a, b, alignment }: Comparison): boolean {
  if (a.shouting || b.shouting) return false;
  if (alignment.pairs.some(({ a: i, b: j }) => isNameOfThing(a, i, b, j) || isNameOfThing(b, j, a, i))) return true;
  if (a.tokens.length > 6 || b.tokens.length > 6) return false;
  return alignment.pairs.some(({ a: i, b: j }) => {
    const x = a.tokens[i]?.text ?? '';
    const y = b.tokens[j]?.text ?? '';
    if (x === y || x.length > 3 || x.length < 2 || x.toLowerCase() !== y.toLowerCase()) return false;
    const isUpper = (word: string) => word === word.toUpperCase() && word !== word.toLowerCase();
    const isTitle = (word: string) => /^\p{Lu}\p{Ll}+$/u.test(word);
    return ((isUpper(x) && isTitle(y)) || (isTitle(x) && isUpper(y))) && a.tokens[i]?.capital === true;
  });
}
