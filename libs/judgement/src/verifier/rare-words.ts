/**
 * Names of substances, products and parts: two rare words that look alike and are neither a slip of the pen nor forms of one word are two
 * things, and where one is put for the other another thing is asked about ("prednisone", "prednisolone"). Common words are told by their
 * senses instead.
 */
import { commonness } from '../lexicon/lexicon.ts';
import type { Token } from '../signature/signature.ts';
import { editDistance } from './edit-distance.ts';
import type { Substitution } from './substitutions.ts';

/** Shorter words look alike by chance. */
const shortest = 6;
/** Letters that two of a family have in common: "vinblastine", "vincristine"; "carbidopa", "carbimazole". */
const shared = 4;

/** Whether two left-over words are two names that look alike. */
export function areTwoNames({ a, b, relation }: Substitution): boolean {
  const rare = [a, b].filter(({ lemma }) => commonness(lemma) === 0).length;
  if (!isTerm(a) || !isTerm(b) || rare === 0) return false;
  const isFamily =
    a.lemma.slice(-shared) === b.lemma.slice(-shared) || a.lemma.slice(0, shared) === b.lemma.slice(0, shared);
  return (
    (relation === 'lookalike' || (relation === 'none' && rare === 2 && isFamily)) &&
    !isSlip(a, b) &&
    !areForms(a.lemma, b.lemma)
  );
}

function isTerm({ kind, lower }: Token): boolean {
  return kind === 'word' && lower.length >= shortest && /^[a-z]+$/.test(lower);
}

/** Letters in another order, or one amiss in what is no word. */
function isSlip(a: Token, b: Token): boolean {
  const letters = ({ lower }: Token) => [...lower].sort().join('');
  const allowed = a.known && b.known ? 0 : 1;
  return letters(a) === letters(b) || editDistance(spelling(a.lower), spelling(b.lower), allowed + 1) <= allowed;
}

/** One form of what is written in two ways: "orthopaedic", "orthopedic". */
function spelling(word: string): string {
  return word
    .replace(/[ao]e/g, 'e')
    .replace(/(?<!^)ph/g, 'f')
    .replace(/ou(?=r)/g, 'o')
    .replace(/is(?=[aei])/g, 'iz')
    .replace(/(?<=[bt])re$/, 'er')
    .replace(/(.)\1/g, '$1');
}

/** "Anonymous", "anonymously"; "bacteria", "bacterium". */
const endings =
  /^(?:e?s|e?d|ings?|(?:at|it|t|s)?ions?|(?:ab|ib)?(?:il)?(?:ity|ly|le)|[ae]n(?:t|ts|ce|cy)|[aeo]rs?|(?:ic)?al(?:ly)?|ly|ingly|iers?|iest|ics?|is[mt]s?|i[sz](?:e|es|ed|er|ers|ing|ation)|at(?:e|es|ed|ing)|arian|ary|ous(?:ly)?|ive|i?ness|y|e|ies|i?ans?|i?a|i?um|us|ments?|)$/;

function areForms(a: string, b: string): boolean {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return at >= 4 && [0, 1, 2].some((back) => endings.test(a.slice(at - back)) && endings.test(b.slice(at - back)));
}
