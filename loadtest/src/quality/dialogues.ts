/** Pairs of last turns with what was said before: one history, one question; and a follow-up against the question written out. */
import { resolvesTo, standaloneForms } from '@refrain/judgement';
import type { Result } from '../bench/report.ts';
import { type Asked, candidateOf, servesPair, shipped } from './decide.ts';
import type { Vectors } from './embed-texts.ts';
import { wilson } from './intervals.ts';

/** One row of `multiturn_pairs`. */
export interface DialogueRow {
  readonly a_history: readonly string[];
  readonly a: string;
  readonly b_history: readonly string[];
  readonly b: string;
  readonly label: number;
}

/** All texts that must be embedded: the turns, and the follow-ups written out. */
export function dialogueTexts(rows: readonly DialogueRow[]): string[] {
  return rows.flatMap(({ a_history: aHistory, a, b_history: bHistory, b }) => [
    a,
    b,
    ...(bHistory.length > 0 ? standaloneForms(bHistory, b) : []),
    ...(aHistory.length > 0 ? standaloneForms(aHistory, a) : []),
  ]);
}

/** A written-out follow-up finds stored questions from this cosine on. */
const leastCosine = 0.7;

/** Served where the histories are equal and the last turns ask the same, or where a follow-up written out asks what stands alone. */
export function measureDialogues(
  name: string,
  rows: readonly DialogueRow[],
  ask: (text: string, history?: readonly string[]) => Asked,
  _vectorOf: Vectors,
): Result[] {
  const decider = shipped(0.01);
  const serves = ({ a_history: aHistory, a, b_history: bHistory, b }: DialogueRow): boolean => {
    const isSameHistory = JSON.stringify(aHistory) === JSON.stringify(bHistory);
    if (isSameHistory) return a === b || servesPair(decider, ask(a, aHistory), ask(b, bHistory)).served;
    if (aHistory.length > 0) return false;
    const stored = ask(a);
    const isFound = standaloneForms(bHistory, b).some((form) => candidateOf(stored, ask(form)).cosine >= leastCosine);
    return isFound && !stored.skipped && resolvesTo(bHistory, b, a);
  };
  const right = rows.filter(({ label }) => label === 1);
  const wrong = rows.filter(({ label }) => label !== 1);
  const share = (metric: string, of: readonly DialogueRow[]): Result => {
    const count = of.filter(serves).length;
    return {
      case: name,
      metric,
      value: count / Math.max(1, of.length),
      ...wilson(count, of.length),
      n: of.length,
      unit: 'share',
    };
  };
  return [share('served_right', right), share('served_wrong', wrong)];
}
