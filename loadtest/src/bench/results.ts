import type { Case } from './case.ts';
import { median, type Round } from './load.ts';
import type { Result } from './report.ts';

/** A case's figures at one number in flight: the median round, `low` and `high` the least and the greatest. */
export function toResults(each: Case, inFlight: number, rounds: ReadonlyMap<string, readonly Round[]>): Result[] {
  const name = `${each.name}_${inFlight}`;
  const own = rounds.get(name);
  if (!own) return [];
  const figure = (metric: string, unit: string, values: readonly number[]): Result => ({
    case: name,
    metric,
    value: median(values),
    low: Math.min(...values),
    high: Math.max(...values),
    n: values.length,
    unit,
  });
  const results = [
    figure(
      'p50',
      'ms',
      own.map((round) => round.p50),
    ),
    figure(
      'p99',
      'ms',
      own.map((round) => round.p99),
    ),
    figure(
      'per_second',
      '1/s',
      own.map((round) => round.perSecond),
    ),
  ];
  if (each.maximumMissed !== undefined) {
    results.push(
      figure(
        'missed_share',
        '',
        own.map(({ count, missed }) => missed / (count + missed)),
      ),
    );
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
  return [...results, figure('ratio_to_limit', '', ratios)];
}
