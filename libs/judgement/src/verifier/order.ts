/**
 * Word order. "MySQL to Postgres" and "Postgres to MySQL" have the same words and embeddings that cannot be told apart. Two words that
 * changed places matter when each took the other's role, or when both hang on nothing and stand around a verb; they do not when the
 * things are coordinated ("TCP and UDP"), when whole parts moved ("In Excel, how …", "how … in Excel"), or when the sentence was
 * turned into the passive as well.
 */

import type { Signature, Token } from '../signature/signature.ts';
import { roleWords, strictRoles, symmetricWords } from '../signature/word-lists.ts';
import type { Alignment } from './align.ts';

/** What the order says. */
export interface Order {
  /** Pairs of words that exchanged roles ("from X to Y", "to X from Y"). */
  readonly exchangedRoles: number;
  /** Pairs that changed places around something that stayed, not coordinated. */
  readonly exchanged: number;
  /** Pairs that changed places across "and", "or", a comma. */
  readonly coordinated: number;
  /** Aligned words that hang on another role than before. */
  readonly changedRoles: number;
  /** Whether one of the two is passive and the other is not. */
  readonly turned: boolean;
  /** Share of word pairs in another order, 0 to 1. */
  readonly disorder: number;
}

/** Compares the order of aligned words. */
export function compareOrder(a: Signature, b: Signature, alignment: Alignment): Order {
  const pairs = [...alignment.pairs]
    .filter(({ a: i }) => a.tokens[i]?.kind !== 'function' || isPronoun(a.tokens[i] as Token))
    .sort((x, y) => x.a - y.a);
  const turned = isPassive(a) !== isPassive(b);
  const isSymmetric =
    a.tokens.some(({ lower }) => symmetricWords.has(lower)) && b.tokens.some(({ lower }) => symmetricWords.has(lower));
  const isShare = [a, b].every(({ tokens }) => tokens.some(({ lower }) => shareWords.has(lower)));
  const isCounted = [a, b].every(({ tokens }) => tokens.some(({ lower }) => places.has(lower)));
  const roleOf = createRoles(a, b);
  let exchangedRoles = 0;
  let exchanged = 0;
  let coordinated = 0;
  let inverted = 0;
  const compared = rank(pairs.slice(0, 48));
  const isOfAnother = createNeighbourCheck(a.tokens, b.tokens, pairs);
  const isHeld = createHolderCheck(a.tokens, b.tokens, pairs);
  for (let n = 0; n < compared.length; n += 1) {
    const p = compared[n] as Ranked;
    for (let m = n + 1; m < compared.length; m += 1) {
      const q = compared[m] as Ranked;
      if (p.b < q.b) continue;
      inverted += 1;
      const x = a.tokens[p.a];
      const y = a.tokens[q.a];
      const x2 = b.tokens[p.b];
      const y2 = b.tokens[q.b];
      if (!x || !y || !x2 || !y2 || p.b === q.b) continue;
      const between = a.tokens.slice(p.a + 1, q.a);
      const between2 = b.tokens.slice(q.b + 1, p.b);
      // "On what date": what changed places is not what makes the two alike.
      const isMutual = isSymmetric && ![x, y].some(({ lower }) => symmetricWords.has(lower));
      const areOwners = q.a - p.a === 1 && p.b - q.b === 1 && isOwner(x) && isOwner(y2);
      if (isOfAnother(p, q) || areOwners) exchanged += 1;
      else if (isJoinedAlike(between, between2) && !isMutual) exchangedRoles += 1;
      else if (isCoordinated(x, between) || isCoordinated(y2, between2)) {
        if (isCounted && isList(x, between) && isList(y2, between2)) exchanged += 1;
        else coordinated += 1;
      } else if (
        roleOf(x) === roleOf(y2) &&
        roleOf(y) === roleOf(x2) &&
        roleOf(x) !== roleOf(y) &&
        isTold(x.role, y.role, isShare)
      ) {
        if (!isMutual) exchangedRoles += 1;
      } else if (roleOf(x) === roleOf(x2) && roleOf(y) === roleOf(y2) && roleOf(x) !== roleOf(y)) continue;
      else if ((isExchange(p, q, compared) || isHeld(p, q)) && !isMutual) exchanged += 1;
    }
  }
  const total = (compared.length * (compared.length - 1)) / 2;
  const changedRoles = pairs.filter(({ a: i, b: j }) => {
    const one = a.tokens[i]?.role ?? '';
    const other = b.tokens[j]?.role ?? '';
    return one !== other && strictRoles.has(one) && strictRoles.has(other);
  }).length;
  return { exchangedRoles, exchanged, coordinated, changedRoles, turned, disorder: total === 0 ? 0 : inverted / total };
}

/** "What percentage of A are B": A is asked about, B is said of it. */
const shareWords = new Set(['percentage', 'percent', 'share', 'proportion', 'fraction', 'number', 'many', 'majority']);

/**
 * Whether two roles that were exchanged tell who is which: "the effect of A on B", "A for B". Where one of the words hangs on nothing, only
 * some do, for what a word hangs on is a guess.
 */
function isTold(one: string, other: string, isShare: boolean): boolean {
  if (one !== '' && other !== '') return true;
  const role = one || other;
  return strictRoles.has(role) || role === 'for' || (role === 'of' && isShare);
}

/**
 * The role of a word; where both texts have a role word as often, told apart by its place among its like: in "how to convert X to Y" X and
 * Y both hang on a "to", each on its own.
 */
function createRoles(a: Signature, b: Signature): (token: Token) => string {
  const count = ({ tokens }: Signature, role: string) => tokens.filter(({ lower }) => lower === role).length;
  const isShared = new Map<string, boolean>();
  return ({ role, roleNumber }) => {
    if (role === '') return '';
    const shared = isShared.get(role) ?? count(a, role) === count(b, role);
    isShared.set(role, shared);
    return shared ? `${role}${roleNumber}` : role;
  };
}

function isPronoun({ lemma }: Token): boolean {
  return lemma === 'he' || lemma === 'she';
}

/**
 * Whether two words that changed places left behind what they belonged to: "a gay father and a lesbian donor" says something else with
 * the two exchanged, "red apples and green pears" does not where each took its noun along.
 */
function createNeighbourCheck(
  a: readonly Token[],
  b: readonly Token[],
  pairs: readonly { readonly a: number; readonly b: number }[],
): (p: { a: number; b: number }, q: { a: number; b: number }) => boolean {
  const toB = new Map(pairs.map((pair) => [pair.a, pair.b]));
  const stayed = (p: { a: number; b: number }, q: { a: number; b: number }, step: 1 | -1) => {
    const [ofX, ofY] = [neighbour(a, p.a, step), neighbour(a, q.a, step)];
    if (ofX < 0 || ofY < 0 || ofX === q.a || ofY === p.a || a[ofX]?.lemma === a[ofY]?.lemma) return false;
    return toB.get(ofX) === neighbour(b, q.b, step) && toB.get(ofY) === neighbour(b, p.b, step);
  };
  return (p, q) => stayed(p, q, 1) || stayed(p, q, -1);
}

/**
 * Whether two neighbours changed places before a word that stayed with whichever comes second: "how bright do dull people seem" asks
 * something else than "how dull do bright people seem". Side by side ("best cheap phone") they are one description.
 */
function createHolderCheck(
  a: readonly Token[],
  b: readonly Token[],
  pairs: readonly { readonly a: number; readonly b: number }[],
): (p: { a: number; b: number }, q: { a: number; b: number }) => boolean {
  const toB = new Map(pairs.map((pair) => [pair.a, pair.b]));
  return (p, q) => {
    if (q.a - p.a < 2 || p.b - q.b < 2 || neighbour(a, p.a, 1) !== q.a || neighbour(b, q.b, 1) !== p.b) return false;
    const isSide = a[q.a + 1]?.kind === 'word' && b[p.b + 1]?.kind === 'word';
    return isSide && !a[q.a]?.mark && !b[p.b]?.mark && toB.get(q.a + 1) === p.b + 1;
  };
}

/** The next word with a meaning on that side, at most three places away and in the same part of the sentence; -1 where there is none. */
function neighbour(tokens: readonly Token[], from: number, step: 1 | -1): number {
  for (let at = from + step, left = 3; left > 0; at += step, left -= 1) {
    const token = tokens[at];
    const before = tokens[step > 0 ? at - 1 : at];
    if (!token || before?.mark) return -1;
    if (/^(?:and|or|vs|versus|nor|und|oder|et|ou|y|o|e|while|but)$/.test(token.lower)) return -1;
    if (token.kind !== 'function') return at;
  }
  return -1;
}

/** "My wife's brother", "my brother's wife". */
function isOwner({ text }: Token): boolean {
  return /['’]s$/.test(text);
}

/** The same small word, and nothing else, joins the two in either order: "the father of my mother", "Lua in Rust". */
function isJoinedAlike(between: readonly Token[], other: readonly Token[]): boolean {
  const [one, two] = [joiner(between), joiner(other)];
  return one !== undefined && one === two;
}

function joiner(between: readonly Token[]): string | undefined {
  if (between.length > 3 || between.some(({ kind, mark }) => kind !== 'function' || mark)) return undefined;
  const words = between.flatMap(({ lower }) => (articles.has(lower) ? [] : [lower]));
  return words.length === 1 && words[0] && (/^(?:of|like)$/.test(words[0]) || roleWords.has(words[0]))
    ? words[0]
    : undefined;
}

const articles = new Set('a an the my your his her its our their some any this that these those'.split(' '));

/** Only what joins equals stands between the two, and little of it. */
function isCoordinated(first: Token, between: readonly Token[]): boolean {
  if (between.length > 6) return false;
  const joins =
    first.mark === ',' ||
    between.some(({ lower, mark }) => /^(?:and|or|vs|versus|nor|und|oder|et|ou|y|o|e)$/.test(lower) || mark === ',');
  return joins && between.filter(({ kind }) => kind !== 'function').length <= 2;
}

/** Where one of a list is asked for by its place, the list's order counts. */
const places = new Set('first second third last index position'.split(' '));

function isList(first: Token, between: readonly Token[]): boolean {
  return first.mark === ',' && between.every(({ kind, mark }) => kind !== 'function' && mark === ',');
}

interface Ranked {
  readonly a: number;
  readonly b: number;
  /** Places among the aligned words. */
  readonly rankA: number;
  readonly rankB: number;
}

function rank(pairs: readonly { readonly a: number; readonly b: number }[]): Ranked[] {
  const byB = [...pairs].sort((x, y) => x.b - y.b);
  const rankB = new Map(byB.map((pair, place) => [pair, place]));
  return pairs.map((pair, rankA) => ({ a: pair.a, b: pair.b, rankA, rankB: rankB.get(pair) ?? rankA }));
}

/**
 * A true exchange leaves the others where they were: the two took each other's place among the aligned words, around at least one
 * that stayed. A moved part shifts everything between.
 */
function isExchange(p: Ranked, q: Ranked, all: readonly Ranked[]): boolean {
  const span = q.rankA - p.rankA;
  const slack = span >= 5 ? 1 : 0;
  if (span <= 1 || Math.abs(p.rankA - q.rankB) > slack || Math.abs(q.rankA - p.rankB) > slack) return false;
  return all.slice(p.rankA + 1, q.rankA).some(({ rankA, rankB }) => Math.abs(rankA - rankB) <= slack);
}

function isPassive({ tokens }: Signature): boolean {
  return tokens.some(
    ({ lower }, i) =>
      lower === 'by' &&
      tokens
        .slice(Math.max(0, i - 8), i)
        .some((token) => /(?:ed|en|un|ung|ught|ld|ost|de|ne|ept|aid|ent|uilt|elt|own|ut|et)$/.test(token.lower)),
  );
}
