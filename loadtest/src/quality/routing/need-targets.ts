import type { FitRow } from './fit-rows.ts';
import type { Target } from './ridge.ts';

/** Rows that a group's mean is held towards its source's by. */
const prior = 10;
/** How much of a row's own outcome counts beside its group's mean: a single outcome is mostly luck. */
const ownShare = 0.2;
/** The same where a source has one group only. */
const ownShareAlone = 0.6;
/** What a row of such a source counts: its outcome is all there is, and so mostly luck. */
const weightAlone = 0.5;

/**
 * What `need` should give for each row: mostly the mean gain of the row's subject, a little of its own gain, all within its source, since
 * how much one pair of models differs on one set says nothing of another.
 */
export function needTargets(rows: readonly FitRow[]): Target[] {
  const sources = meansOf(rows, ({ source }) => source);
  const groups = meansOf(rows, ({ source, gain }) => `${source}/${gain?.group}`);
  const groupsOfSource = new Map<string, Set<string>>();
  for (const { source, gain } of rows)
    if (gain) groupsOfSource.set(source, (groupsOfSource.get(source) ?? new Set()).add(gain.group));
  return rows.map(({ source, gain }) => {
    if (!gain) return { value: 0, weight: 0 };
    const ofSource = sources.get(source) ?? { sum: 0, n: 1 };
    const mean = ofSource.sum / ofSource.n;
    const ofGroup = groups.get(`${source}/${gain.group}`) ?? { sum: 0, n: 0 };
    const smooth = (ofGroup.sum + prior * mean) / (ofGroup.n + prior);
    const isAlone = groupsOfSource.get(source)?.size === 1;
    const share = isAlone ? ownShareAlone : ownShare;
    return { value: smooth + share * (gain.value - smooth) - mean, weight: isAlone ? weightAlone : 1 };
  });
}

function meansOf(rows: readonly FitRow[], keyOf: (row: FitRow) => string): Map<string, { sum: number; n: number }> {
  const means = new Map<string, { sum: number; n: number }>();
  for (const row of rows) {
    if (!row.gain) continue;
    const mean = means.get(keyOf(row)) ?? { sum: 0, n: 0 };
    means.set(keyOf(row), { sum: mean.sum + row.gain.value, n: mean.n + 1 });
  }
  return means;
}
