/** Interleaved rounds of every case, so that a busy minute of a shared machine falls on limit and candidate alike. */
import type { Case } from './cases.ts';
import { median, type Round, runLoad } from './load.ts';
import type { Result } from './report.ts';

/** How a run goes. */
export interface RunOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly inFlight: readonly number[];
  readonly say: (line: string) => void;
}

/** Runs all cases and gives the median round of each: p50, p99, per_second, ratio_to_limit. */
export async function runCases(cases: readonly Case[], options: RunOptions): Promise<Result[]> {
  for (const each of cases) {
    if (!each.prepare) continue;
    options.say(`prepare ${each.name}`);
    await each.prepare();
  }
  const rounds = new Map<string, Round[]>();
  for (let round = 0; round <= options.rounds; round += 1) {
    for (const each of cases) {
      for (const inFlight of options.inFlight) {
        // Round 0 warms up: shorter, and not counted.
        const seconds = round === 0 ? Math.min(1, options.seconds) : options.seconds;
        const measured = await measure(each, inFlight, seconds);
        const key = `${each.name}_${inFlight}`;
        if (round > 0) rounds.set(key, [...(rounds.get(key) ?? []), measured]);
      }
    }
    options.say(round === 0 ? 'warmed up' : `round ${round} of ${options.rounds}`);
  }
  return options.inFlight.flatMap((inFlight) => cases.flatMap((each) => toResults(each, inFlight, rounds)));
}

async function measure(each: Case, inFlight: number, seconds: number): Promise<Round> {
  const start = performance.now();
  const round = await runLoad(each.call, { inFlight, seconds, maximumCalls: 50_000 });
  if (!each.drain) return round;
  await each.drain();
  return { ...round, perSecond: (round.count * 1000) / (performance.now() - start) };
}

function toResults(each: Case, inFlight: number, rounds: Map<string, Round[]>): Result[] {
  const name = `${each.name}_${inFlight}`;
  const own = rounds.get(name) ?? [];
  const limit = each.limit && rounds.get(`${each.limit}_${inFlight}`);
  const figure = (metric: string, unit: string, of: (round: Round) => number): Result => {
    const values = own.map(of);
    return {
      case: name,
      metric,
      value: median(values),
      low: Math.min(...values),
      high: Math.max(...values),
      n: own.length,
      unit,
    };
  };
  const results = [
    figure('p50', 'ms', (round) => round.p50),
    figure('p99', 'ms', (round) => round.p99),
    figure('per_second', '1/s', (round) => round.perSecond),
  ];
  if (!limit) return results;
  // At 1 in flight latency counts (limit over candidate), at more throughput (candidate over limit).
  const ratios = own.map((round, i) => {
    const against = limit[i];
    if (!against) return Number.NaN;
    return inFlight === 1 ? against.p50 / round.p50 : round.perSecond / against.perSecond;
  });
  results.push({
    case: name,
    metric: 'ratio_to_limit',
    value: median(ratios),
    low: Math.min(...ratios),
    high: Math.max(...ratios),
    n: ratios.length,
    unit: '',
  });
  return results;
}
