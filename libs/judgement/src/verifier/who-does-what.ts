/**
 * Who does it and to whom it is done, where the very same words say either: "who beat Ann" and "who did Ann beat", "do cats chase dogs" and
 * "do dogs chase cats", "is a square a rectangle" and "is a rectangle a square".
 */
import { partsOf } from '../lexicon/lexicon.ts';
import type { Signature, Token } from '../signature/signature.ts';
import { symmetricWords } from '../signature/word-lists.ts';
import type { Alignment, Pair } from './align.ts';

const askers = new Set(['who', 'whom', 'what', 'which']);
const be = new Set(['am', 'is', 'are', 'was', 'were', 'been', 'being', 'be']);
const auxiliaries = new Set([
  ...be,
  ...'do does did has have had can could will would shall should may might must not ever'.split(' '),
]);
/** What is asked after these is no other thing that does it: "what does it mean", "what means it". */
const measures = new Set(['mean', 'cost', 'weigh']);
/** Questions longer than this have more than one verb. */
const longest = 16;

/** Whether one asks who does it and the other to whom it is done, or two things changed places around what the one does to the other. */
export function isOtherDoer(a: Signature, b: Signature, { pairs }: Alignment): boolean {
  if (a.tokens.length > longest || b.tokens.length > longest) return false;
  const verbs = pairs.filter(({ a: i }) => isVerb(a.tokens[i]));
  return verbs.some((verb) => isAskedOtherwise(a, b, pairs, verb) || isExchangedAround(a, b, pairs, verb));
}

function isVerb(token: Token | undefined): boolean {
  if (!token || symmetricWords.has(token.lower) || symmetricWords.has(token.lemma)) return false;
  if (token.lower === 'like') return true;
  return token.kind === 'word' && !token.capital && !measures.has(token.lemma) && partsOf(token.lemma).includes('v');
}

function isAskedOtherwise(a: Signature, b: Signature, pairs: readonly Pair[], verb: Pair): boolean {
  if (!asksForThing(a) || !asksForThing(b)) return false;
  return pairs.some(({ a: i, b: j }) => {
    if (a.tokens[i]?.kind === 'function' || i < verb.a === j < verb.b) return false;
    const [one, other] = [doesIt(a.tokens, verb.a, i), doesIt(b.tokens, verb.b, j)];
    return one !== undefined && other !== undefined && one !== other;
  });
}

function asksForThing({ tokens, type }: Signature): boolean {
  return askers.has(tokens[0]?.lower ?? '') || type === 'how_many' || type === 'how_much';
}

/** Whether the thing at a place does what the verb says (and who is asked for suffers it), or the other way round. */
function doesIt(tokens: readonly Token[], verb: number, thing: number): boolean | undefined {
  const asked = tokens.slice(1, Math.min(verb, thing));
  const isPassive =
    !(tokens[verb]?.lower.endsWith('ing') ?? false) && tokens.slice(1, verb).some(({ lower }) => be.has(lower));
  if (thing < verb) {
    const isInverted = asked.some(({ lower }) => auxiliaries.has(lower));
    const between = tokens.slice(thing + 1, verb);
    if (!isInverted || between.some(({ kind, lower }) => kind !== 'function' || !auxiliaries.has(lower)))
      return undefined;
    return !isPassive;
  }
  if (thing - verb > 4 || asked.some(({ kind, lower }) => kind === 'function' && !isLight(lower))) return undefined;
  if (!isPassive) return false;
  return tokens[verb + 1]?.lower === 'by' ? true : undefined;
}

/** What may stand before the verb of "which big teams (have) won": "the" or "of" begin another part. */
function isLight(lower: string): boolean {
  return auxiliaries.has(lower) || lower === 'many' || lower === 'much';
}

/** Behind the verb each has what the other has before it; neither is passive, nor is the verb a noun. */
function isExchangedAround(a: Signature, b: Signature, pairs: readonly Pair[], verb: Pair): boolean {
  if (!isFiniteVerb(a.tokens, verb.a) || !isFiniteVerb(b.tokens, verb.b)) return false;
  const meet = (own: 'a' | 'b', place: number | undefined, isThere: (other: number) => boolean) =>
    place !== undefined && pairs.some((pair) => pair[own] === place && isThere(pair[own === 'a' ? 'b' : 'a']));
  return (
    meet('a', objectOf(a.tokens, verb.a), (other) => other < verb.b) &&
    meet('b', objectOf(b.tokens, verb.b), (other) => other < verb.a) &&
    meet('a', subjectOf(a.tokens, verb.a), (other) => other > verb.b) &&
    meet('b', subjectOf(b.tokens, verb.b), (other) => other > verb.a)
  );
}

/** Neither "removed from" nor "working hours" says who does it to whom. */
function isFiniteVerb(tokens: readonly Token[], verb: number): boolean {
  const { lower = '', lemma = '' } = tokens[verb] ?? {};
  const isPassive =
    lower !== lemma && !lower.endsWith('s') && tokens.slice(0, verb).some((token) => be.has(token.lower));
  return !lower.endsWith('ing') && !isPassive;
}

/** The last word with a meaning before a verb. */
function subjectOf(tokens: readonly Token[], verb: number): number | undefined {
  const at = tokens.slice(0, verb).findLastIndex(({ kind }) => kind !== 'function');
  return at < 0 ? undefined : at;
}

/** The first word with a meaning behind a verb, where only small words stand between and nothing is joined or passive. */
function objectOf(tokens: readonly Token[], verb: number): number | undefined {
  for (let at = verb; at < Math.min(verb + 5, tokens.length); at += 1) {
    const token = tokens[at];
    if (at > verb && token && token.kind !== 'function') return at;
    if (token?.mark || /^(?:by|and|or|than)$/.test(tokens[at + 1]?.lower ?? 'and')) return undefined;
  }
  return undefined;
}

/** "Is a square a rectangle": what is said of what, both of them things and nothing else behind them. */
export function isOtherSubject(a: Signature, b: Signature, { pairs }: Alignment): boolean {
  const [x, y] = [subjectAndPredicate(a), subjectAndPredicate(b)];
  if (!x || !y) return false;
  const meet = (i: number, j: number) => pairs.some((pair) => pair.a === i && pair.b === j);
  return meet(x.subject, y.predicate) && meet(x.predicate, y.subject);
}

function subjectAndPredicate({ tokens }: Signature): { subject: number; predicate: number } | undefined {
  if (!be.has(tokens[0]?.lower ?? '')) return undefined;
  const content = tokens.flatMap(({ kind }, at) => (kind === 'function' ? [] : [at]));
  const [subject, predicate] = content.slice(-2);
  if (subject === undefined || predicate === undefined || content.length > 3) return undefined;
  const between = tokens.slice(subject + 1, predicate);
  return between.every(({ lower }) => /^(?:an?|the|also|always)$/.test(lower)) ? { subject, predicate } : undefined;
}
