/** Labelled pairs: a stored question, an asked one, and whether the stored answer may be served. */
import type { Result } from '../bench/report.ts';
import { type Asked, cosineCut, type Decider, scorePair, servesPair, shipped } from './decide.ts';
import type { Vectors } from './embed-texts.ts';
import { wilson } from './intervals.ts';

/** One row of a `pairs_*` file. */
export interface PairRow {
  readonly a: string;
  readonly b: string;
  readonly label: number;
  readonly kind?: string;
}

/** A scored row. */
export interface Scored {
  readonly score: number;
  readonly label: number;
}

/** What a decider serves of the right and of the wrong pairs. */
export interface Served {
  readonly right: number;
  readonly wrong: number;
  readonly rights: number;
  readonly wrongs: number;
  readonly reasons: Map<string, number>;
  readonly wrongRows: readonly PairRow[];
  readonly missedRows: readonly (PairRow & { readonly reason: string })[];
}

/** Decides every row. */
export function serve(rows: readonly PairRow[], ask: (text: string) => Asked, decider: Decider): Served {
  const reasons = new Map<string, number>();
  const wrongRows: PairRow[] = [];
  const missedRows: (PairRow & { reason: string })[] = [];
  let right = 0;
  let rights = 0;
  for (const row of rows) {
    const { served, reason } = servesPair(decider, ask(row.a), ask(row.b));
    if (row.label === 1) rights += 1;
    if (served && row.label === 1) right += 1;
    else if (served) wrongRows.push(row);
    else {
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      if (row.label === 1) missedRows.push({ ...row, reason });
    }
  }
  return { right, rights, wrong: wrongRows.length, wrongs: rows.length - rights, reasons, wrongRows, missedRows };
}

/** All figures of one set. */
export function measurePairs(
  name: string,
  rows: readonly PairRow[],
  ask: (text: string) => Asked,
  vectorOf: Vectors,
  decider: Decider = shipped(0.01),
): { results: Result[]; served: Served } {
  const served = serve(rows, ask, decider);
  const { right, rights, wrong, wrongs } = served;
  const share = (metric: string, count: number, n: number): Result => ({
    case: name,
    metric,
    value: n === 0 ? 0 : count / n,
    ...wilson(count, n),
    n,
    unit: 'share',
  });
  const scored = rows.map((row) => ({ score: scorePair(ask(row.a), ask(row.b), vectorOf), label: row.label }));
  const cosine = serve(rows, ask, cosineCut(0.9));
  const sweep = sweepOf(scored);
  return {
    served,
    results: [
      share('served_right', right, rights),
      share('served_wrong', wrong, wrongs),
      share('precision', right, right + wrong),
      share('right_at_wrong_0', sweep.rightAtWrong(0), rights),
      share('right_at_wrong_5pct', sweep.rightAtWrong(0.05), rights),
      share('right_at_precision_92pct', sweep.rightAtPrecision(0.92), rights),
      share('wrong_blocked_at_right_88pct', sweep.blockedAtRight(0.88), wrongs),
      share('wrong_blocked_at_right_90pct', sweep.blockedAtRight(0.9), wrongs),
      { case: name, metric: 'area', value: areaOf(scored), n: rows.length, unit: 'share' },
      share('cosine090_right', cosine.right, rights),
      share('cosine090_wrong', cosine.wrong, wrongs),
    ],
  };
}

interface Sweep {
  rightAtWrong(share: number): number;
  rightAtPrecision(share: number): number;
  blockedAtRight(share: number): number;
}

/** Counts while the threshold falls; rows of one score pass together. */
export function sweepOf(scored: readonly Scored[]): Sweep {
  const sorted = [...scored].sort((x, y) => y.score - x.score);
  const rights = sorted.filter(({ label }) => label === 1).length;
  const wrongs = sorted.length - rights;
  const steps: { right: number; wrong: number }[] = [{ right: 0, wrong: 0 }];
  let right = 0;
  let wrong = 0;
  for (const [i, { score, label }] of sorted.entries()) {
    if (label === 1) right += 1;
    else wrong += 1;
    if (sorted[i + 1]?.score !== score) steps.push({ right, wrong });
  }
  const most = (fits: (step: { right: number; wrong: number }) => boolean) =>
    steps.reduce((best, step) => (fits(step) && step.right > best ? step.right : best), 0);
  return {
    rightAtWrong: (share) => most((step) => step.wrong <= share * wrongs),
    rightAtPrecision: (share) => most((step) => step.right > 0 && step.right / (step.right + step.wrong) >= share),
    blockedAtRight: (share) => {
      const first = steps.find((step) => step.right >= share * rights);
      return wrongs - (first?.wrong ?? wrongs);
    },
  };
}

/** Chance that a right pair scores above a wrong one. */
export function areaOf(scored: readonly Scored[]): number {
  const sorted = [...scored].sort((x, y) => x.score - y.score);
  let ranks = 0;
  let right = 0;
  for (let i = 0; i < sorted.length; ) {
    let end = i;
    while (end < sorted.length && sorted[end]?.score === sorted[i]?.score) end += 1;
    for (let k = i; k < end; k += 1) {
      if (sorted[k]?.label !== 1) continue;
      ranks += (i + 1 + end) / 2;
      right += 1;
    }
    i = end;
  }
  const wrong = sorted.length - right;
  return right === 0 || wrong === 0 ? 0 : (ranks - (right * (right + 1)) / 2) / (right * wrong);
}
