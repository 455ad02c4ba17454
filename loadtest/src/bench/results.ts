import type { Case } from './case.ts';
import { median, type Round } from './load.ts';
import type { Result } from './report.ts';

/** A figure of a case: the median of what its rounds measured, `low` and `high` the least and the greatest. */
export function toResult(name: string, metric: string, unit: string, values: readonly number[]): Result {
  return {
    case: name,
    metric,
    value: median(values),
    low: Math.min(...values),
    high: Math.max(...values),
    n: values.length,
    unit,
  };
}

/** What every load has: its latencies and its throughput. */
export function loadResults(name: string, rounds: readonly Round[]): Result[] {
  const each = (of: (round: Round) => number) => rounds.map(of);
  return [
    toResult(
      name,
      'p50',
      'ms',
      each(({ p50 }) => p50),
    ),
    toResult(
      name,
      'p95',
      'ms',
      each(({ p95 }) => p95),
    ),
    toResult(
      name,
      'p99',
      'ms',
      each(({ p99 }) => p99),
    ),
    toResult(
      name,
      'per_second',
      '1/s',
      each(({ perSecond }) => perSecond),
    ),
  ];
}

/** A case's figures at one number in flight. */
export function toResults(each: Case, inFlight: number, rounds: ReadonlyMap<string, readonly Round[]>): Result[] {
  const name = `${each.name}_${inFlight}`;
  const own = rounds.get(name);
  if (!own) return [];
  const results = loadResults(name, own);
  if (each.maximumMissed !== undefined) {
    const shares = own.map(({ count, missed }) => missed / (count + missed));
    results.push(toResult(name, 'missed_share', '', shares));
  }
  const limit = each.limit === undefined ? undefined : rounds.get(`${each.limit}_${inFlight}`);
  if (!limit) return results;
  // Round by round, for the two were measured in the same minute. With one in flight the median latency counts (limit over candidate),
  // with more the throughput (candidate over limit): 1 is the limit.
  const ratios = own.flatMap((round, i) => {
    const against = limit[i];
    if (!against) return [];
    return [inFlight === 1 ? against.p50 / round.p50 : round.perSecond / against.perSecond];
  });
  return [...results, toResult(name, 'ratio_to_limit', '', ratios)];
}
