/**
 * Pairs of last turns with what was said before: the first is stored, the second asked. Both go the way they go in the cache: the same
 * keys, the same sets to look in (`waysOf`), the same verifier.
 */
import {
  cacheability,
  createVerifier,
  exactKey,
  type KeyScope,
  questionOf,
  resolvesTo,
  waysOf,
} from '@refrain/judgement';
import type { Result } from '../bench/report.ts';
import { chatOf, classifier, maximumTemperature } from './decide.ts';
import type { Vectors } from './embed-texts.ts';
import { wilson } from './intervals.ts';
import { cosineOf } from './vector-file.ts';

/** One row of `multiturn_pairs`. */
export interface DialogueRow {
  readonly a_history: readonly string[];
  readonly a: string;
  readonly b_history: readonly string[];
  readonly b: string;
  readonly label: number;
  readonly kind?: string;
}

const scope: KeyScope = { tenant: 'quality', policy: 'quality', defaultMaxTokens: 1000 };

/** All texts that must be embedded: the turns, and the follow-ups written out. */
export function dialogueTexts(rows: readonly DialogueRow[]): string[] {
  return rows.flatMap(({ a_history: aHistory, a, b_history: bHistory, b }) =>
    [chatOf(a, aHistory), chatOf(b, bHistory)].flatMap((chat) => waysOf(chat, scope).flatMap(({ texts }) => texts)),
  );
}

/** What is served of what should be and of what should not. */
export function measureDialogues(name: string, rows: readonly DialogueRow[], vectorOf: Vectors): Result[] {
  const serves = (row: DialogueRow) => servesDialogue(row, vectorOf);
  const right = rows.filter(({ label }) => label === 1);
  const wrong = rows.filter(({ label }) => label !== 1);
  const share = (metric: string, count: number, n: number): Result => ({
    case: name,
    metric,
    value: n === 0 ? 0 : count / n,
    ...wilson(count, n),
    n,
    unit: 'share',
  });
  const resolved = rows.filter(
    ({ a_history: before, b_history: history }) => before.length === 0 && history.length > 0,
  );
  const crossed = resolved.flatMap((row) =>
    resolved.filter(({ a }) => a !== row.a).map(({ a }) => resolvesTo(row.b_history, row.b, a)),
  );
  return [
    share('served_right', right.filter(serves).length, right.length),
    share('served_wrong', wrong.filter(serves).length, wrong.length),
    share('followups_right', resolved.filter(serves).length, resolved.length),
    // Every follow-up against what every other of the set stands for, near or not: the set itself has no such pairs.
    share('crossed_wrong', crossed.filter(Boolean).length, crossed.length),
  ];
}

const verifier = createVerifier({ maxWrongHitRate: 0.01 });

/** Whether the first turn's answer is served for the second: by its exact key, or by meaning in one of the sets it is looked for in. */
export function servesDialogue(
  { a_history: aHistory, a, b_history: bHistory, b }: DialogueRow,
  vectorOf: Vectors,
): boolean {
  const [stored, asked] = [chatOf(a, aHistory), chatOf(b, bHistory)];
  if (exactKey(stored, scope) === exactKey(asked, scope)) return true;
  const classification = classifier.classify(asked);
  const isAble = [stored, asked].every(
    (chat) => cacheability(chat, classifier.classify(chat), maximumTemperature).semantic,
  );
  const [own] = waysOf(stored, scope);
  if (!isAble || !own) return false;
  const kept = vectorOf(a);
  return waysOf(asked, scope).some(({ partition, texts, history, budgetShare }) => {
    if (partition !== own.partition || typeof kept === 'string') return false;
    const vectors = texts.map(vectorOf).filter((vector) => typeof vector !== 'string');
    const cosine = Math.max(...vectors.map((vector) => cosineOf(vector, kept)));
    const candidates = [{ question: questionOf(stored), cosine }];
    return 'accept' in verifier.decide(b, candidates, { classification, history, budgetShare });
  });
}
