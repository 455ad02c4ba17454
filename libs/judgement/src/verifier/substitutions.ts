/** What two questions differ in, paired up: which word of one was most likely put for which of the other, and how the two relate. */
import { type Relation, relationOf } from '../lexicon/lexicon.ts';
import { compareClasses } from '../signature/closed-classes.ts';
import type { Token } from '../signature/signature.ts';
import { editDistance } from './edit-distance.ts';

/** A word on each side, left over at the same place: most likely one was put for the other. */
export interface Substitution {
  readonly a: Token;
  readonly b: Token;
  readonly relation: Relation | 'class' | 'lookalike';
  /** Edits over the longer length, 0 to 1. */
  readonly distance: number;
}

/** How far two words are from each other is asked of all, how far exactly only of those that stay. */
interface Possible {
  readonly i: number;
  readonly j: number;
  readonly rank: number;
  readonly relation: Substitution['relation'];
}

/** Pairs the places that are left over on both sides, nearest relation first; what is not related only where it stands between the same neighbours. */
export function substitute(
  left: readonly Token[],
  right: readonly Token[],
  restA: readonly number[],
  restB: readonly number[],
  areTogether: (i: number, j: number) => boolean,
): Substitution[] {
  const found: Possible[] = [];
  for (const i of restA.slice(0, 24)) {
    for (const j of restB.slice(0, 24)) {
      const a = left[i];
      const b = right[j];
      if (!a || !b) continue;
      const relation = relate(a, b);
      const order = orders[relation];
      const together = areTogether(i, j);
      if (order === 3 && !together) continue;
      found.push({ i, j, rank: order * 2 + (together ? 0 : 1), relation });
    }
  }
  found.sort((x, y) => x.rank - y.rank || x.i - y.i || x.j - y.j);
  const usedA = new Set<number>();
  const usedB = new Set<number>();
  const kept: Substitution[] = [];
  for (const { i, j, relation } of found) {
    if (usedA.has(i) || usedB.has(j)) continue;
    usedA.add(i);
    usedB.add(j);
    const [a, b] = [left[i] as Token, right[j] as Token];
    const longest = longestOf(a, b);
    kept.push({ a, b, relation, distance: editDistance(a.lower, b.lower, longest) / longest });
  }
  return kept;
}

const orders = { opposite: 0, class: 0, lookalike: 1, sibling: 1, none: 3, same: 3, near: 3 };

function longestOf(a: Token, b: Token): number {
  return Math.max(a.lower.length, b.lower.length, 1);
}

function relate(a: Token, b: Token): Substitution['relation'] {
  if (compareClasses(a.lower, b.lower) === 'different') return 'class';
  const relation = a.kind === 'word' && b.kind === 'word' ? relationOf(a.lemma, b.lemma) : 'none';
  if (relation !== 'opposite' && areOpposedAsWritten(a, b)) return 'opposite';
  if (relation === 'opposite' || relation === 'sibling') return relation;
  return looksAlike(a, b) ? 'lookalike' : relation;
}

/** "Ordered" and "unordered", where only one of the two is taken for a form of a verb. */
function areOpposedAsWritten(a: Token, b: Token): boolean {
  if (a.kind !== 'word' || b.kind !== 'word' || (a.lower === a.lemma && b.lower === b.lemma)) return false;
  return relationOf(a.lower, b.lower) === 'opposite';
}

const alike = 0.34;

function looksAlike(a: Token, b: Token): boolean {
  const longest = longestOf(a, b);
  if (longest <= 3) return false;
  // What has more edits than can be alike need not be counted to the end.
  return editDistance(a.lower, b.lower, Math.min(longest, Math.floor(alike * longest) + 2)) / longest <= alike;
}
