import type { TaskName } from '@refrain/judgement';
import type { FitRow } from './fit-rows.ts';
import type { Target } from './ridge.ts';

/** Sources of fewer rows count like one of this many. */
const leastOfSource = 60;
/** 0 counts rows, 1 counts sources. */
const balance = 0.4;

/**
 * What a task's head should give for each row, 1 or -1. Rare tasks count more, and so do the rows of small sources: else the head would
 * learn the style of a few large collections. Both by about the root, so that much is still more than little.
 */
export function taskTargets(rows: readonly FitRow[], task: TaskName): Target[] {
  const told = rows.filter((row) => row.task);
  const tasks = countBy(told, (row) => row.task ?? '');
  const sources = countBy(told, familyOf);
  const ofSource = (row: FitRow) => Math.max(leastOfSource, sources.get(familyOf(row)) ?? 0);
  const mean = [...sources.values()].reduce((sum, count) => sum + Math.max(leastOfSource, count), 0) / sources.size;
  return rows.map((row) => {
    if (!row.task) return { value: 0, weight: 0 };
    const rare = told.length / 4 / (tasks.get(row.task) ?? 1);
    return { value: row.task === task ? 1 : -1, weight: Math.sqrt(rare) * (mean / ofSource(row)) ** balance };
  });
}

/** Collections in parts (`bbh_date`, `bbh_sports`) are one source. */
const familyOf = ({ source }: FitRow): string => source.split(/[_/]/)[0] ?? source;

function countBy(rows: readonly FitRow[], keyOf: (row: FitRow) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1);
  return counts;
}
