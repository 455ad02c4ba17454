/**
 * Who does it and to whom it is done: "who beat Ann" and "who did Ann beat", "do cats chase dogs" and "do dogs chase cats", "is a square a
 * rectangle" and "is a rectangle a square", "the effect of rain on traffic" and "how does traffic affect rain". Each question is read as a
 * deed, the words of the one who does it and of the other; two deeds are each other's turn where all that meet change sides.
 */
import { partsOf } from '../lexicon/lexicon.ts';
import type { Signature, Token } from '../signature/signature.ts';
import { symmetricWords } from '../signature/word-lists.ts';
import type { Alignment } from './align.ts';

/** Places in the text. */
interface Deed {
  readonly does: readonly number[];
  readonly suffers: readonly number[];
}
type Meeting = Pick<Alignment['pairs'][number], 'a' | 'b'>;

/** Stands for what is asked for: "who", "which teams". */
const asked = -1;
/** Words of a thing that are looked at on either side: beyond them another part of the sentence begins. */
const reach = 4;
/** Questions longer than this have more than one verb. */
const longest = 16;
const set = (words: string): ReadonlySet<string> => new Set(words.split(' '));
const be = set('am is are was were been being be');
const auxiliaries = set(
  `${[...be].join(' ')} do does did has have had can could will would shall should may might must not ever`,
);
/** What is asked after these is no other thing that does it: "what does it mean", "what means it". */
const measures = set('mean cost weigh');
const acts = set('affect effect impact influence shape threaten harm damage benefit');
const effects = set('effect impact influence consequence implication repercussion benefit');
const onto = set('on upon to for over');

/** Whether one says that this acts on that, and the other that that acts on this, in whatever words. */
export function isOtherEffect(a: Signature, b: Signature, { pairs }: Alignment): boolean {
  const [one, other] = [effectOf(a.tokens), effectOf(b.tokens)];
  if (!one || !other) return false;
  const stays = meet(pairs, one.does, other.does) || meet(pairs, one.suffers, other.suffers);
  return !stays && isTurned(one, other, pairs);
}

/** The same of any verb, of who is asked for, and of what is said to be what, where the two questions have their words in common. */
export function isOtherDoer(a: Signature, b: Signature, { pairs }: Alignment): boolean {
  if (a.tokens.length > longest || b.tokens.length > longest) return false;
  if (isTurned(saying(a), saying(b), pairs)) return true;
  const verbs = pairs.filter(({ a: i }) => isVerb(a.tokens[i]));
  return verbs.some((verb) => {
    const crossing = [...pairs.filter((pair) => pair.a < verb.a !== pair.b < verb.b), { a: asked, b: asked }];
    return [asking, telling].some((read) => isTurned(read(a, verb.a), read(b, verb.b), crossing));
  });
}

function isTurned(one: Deed | undefined, other: Deed | undefined, pairs: readonly Meeting[]): boolean {
  return one && other ? meet(pairs, one.does, other.suffers) && meet(pairs, one.suffers, other.does) : false;
}

function meet(pairs: readonly Meeting[], one: readonly number[], other: readonly number[]): boolean {
  return pairs.some(({ a, b }) => one.includes(a) && other.includes(b));
}

/** "The effect of A on B", "what effect does A have on B"; "A affects B", "B is affected by A". */
function effectOf(tokens: readonly Token[]): Deed | undefined {
  const noun = tokens.findIndex(
    ({ lemma }, i) => effects.has(lemma) && /^(?:of|do|does|did|has|have|will|can)$/.test(tokens[i + 1]?.lower ?? ''),
  );
  const on = tokens.findIndex(({ lower }, i) => i > noun + 2 && onto.has(lower));
  if (noun >= 0 && on >= 0) return { does: before(tokens, on, noun), suffers: behind(tokens, on) };
  const verb = tokens.findIndex(
    // "The health benefits of it" are a thing.
    ({ lemma, role }, i) => i > 0 && acts.has(lemma) && role !== 'of' && tokens[i + 1]?.lower !== 'of',
  );
  if (verb < 0) return undefined;
  return turnedIf(tokens[verb + 1]?.lower === 'by', before(tokens, verb), behind(tokens, verb));
}

/** "Is a square a rectangle": both are things, and nothing is behind them. */
function saying({ tokens }: Signature): Deed | undefined {
  const content = tokens.flatMap(({ kind }, at) => (kind === 'function' ? [] : [at]));
  const [subject, predicate] = content.slice(-2);
  if (!be.has(tokens[0]?.lower ?? '') || subject === undefined || predicate === undefined || content.length > 3)
    return undefined;
  const between = tokens.slice(subject + 1, predicate);
  const isSaid = between.every(({ lower }) => /^(?:an?|the|also|always)$/.test(lower));
  return isSaid ? { does: [subject], suffers: [predicate] } : undefined;
}

/** "Who beat Ann", "who did Ann beat", "who was beaten by Ann". */
function asking({ tokens, type }: Signature, verb: number): Deed | undefined {
  if (!/^(?:who|whom|what|which)$/.test(tokens[0]?.lower ?? '') && !/^how_m/.test(type)) return undefined;
  const between = tokens.slice(1, verb);
  const isPassive = !tokens[verb]?.lower.endsWith('ing') && between.some(({ lower }) => be.has(lower));
  const [subject = 0] = before(tokens, verb).slice(-1);
  const isInverted = tokens.slice(1, subject).some(({ lower }) => auxiliaries.has(lower));
  if (isInverted && tokens.slice(subject + 1, verb).every(({ lower }) => auxiliaries.has(lower)))
    return turnedIf(isPassive, [subject], [asked]);
  // What may stand before the verb of "which big teams (have) won": "the" or "of" begin another part.
  const isLight = ({ kind, lower }: Token) =>
    kind !== 'function' || auxiliaries.has(lower) || /^m(?:any|uch)$/.test(lower);
  if (!between.every(isLight) || (isPassive && tokens[verb + 1]?.lower !== 'by')) return undefined;
  return turnedIf(isPassive, [asked], behind(tokens, verb));
}

/**
 * "Do cats chase dogs": neither "removed from" nor "working hours" nor "is it free" says who does it to whom, nor what is joined by "and" or
 * "than".
 */
function telling({ tokens }: Signature, verb: number): Deed | undefined {
  const lower = tokens[verb]?.lower ?? '';
  const isState = !lower.endsWith('s') && tokens.slice(0, verb).some((token) => be.has(token.lower));
  const [object = 0] = behind(tokens, verb);
  const between = tokens.slice(verb, object);
  const isApart = between.some(({ mark, lower: small }) => mark || /^(?:by|and|or|than)$/.test(small));
  if (lower.endsWith('ing') || isState || between.length === 0 || isApart) return undefined;
  return { does: together(before(tokens, verb).reverse()), suffers: together(behind(tokens, verb)) };
}

function isVerb(token: Token | undefined): boolean {
  if (!token || symmetricWords.has(token.lower) || symmetricWords.has(token.lemma)) return false;
  if (token.lower === 'like') return true;
  return token.kind === 'word' && !token.capital && !measures.has(token.lemma) && partsOf(token.lemma).includes('v');
}

/** The last words with a meaning before a place. */
function before(tokens: readonly Token[], end: number, from = -1): number[] {
  return tokens.flatMap(({ kind }, at) => (at > from && at < end && kind !== 'function' ? [at] : [])).slice(-reach);
}

/** The first words with a meaning behind a place. */
function behind(tokens: readonly Token[], from: number): number[] {
  return tokens.flatMap(({ kind }, at) => (at > from && kind !== 'function' ? [at] : [])).slice(0, reach);
}

/** Those of the first thing: "high blood pressure". */
function together(places: readonly number[]): number[] {
  return places.filter((at, i) => Math.abs(at - (places[0] ?? 0)) === i);
}

function turnedIf(isPassive: boolean, does: readonly number[], suffers: readonly number[]): Deed {
  return isPassive ? { does: suffers, suffers: does } : { does, suffers };
}
