import { admissionClass } from '@refrain/judgement';
import type { Result } from '../bench/report.ts';
import { wilson } from './intervals.ts';

/** How the data names what we call ok, exact, skip and thread. */
const names: Readonly<Record<string, string>> = {
  semantic_ok: 'ok',
  exact_only: 'exact',
  skip_cache: 'skip',
  thread_scoped: 'thread',
};

/** Share of questions whose class is the labelled one. */
export function measureAdmission(
  name: string,
  rows: readonly { readonly text: string; readonly label: string }[],
): Result {
  const right = rows.filter(({ text, label }) => admissionClass(text).label === (names[label] ?? label)).length;
  return {
    case: name,
    metric: 'accuracy',
    value: right / rows.length,
    ...wilson(right, rows.length),
    n: rows.length,
    unit: 'share',
  };
}
