/** Interleaved rounds of every case, so that a busy minute of a shared machine falls on limit and candidate alike. */
import { type Counts, growth } from './cache-counts.ts';
import type { Case } from './case.ts';
import { type Round, runLoad } from './load.ts';
import type { Result } from './report.ts';
import { toResults } from './results.ts';
import { upstreamCalls } from './upstream-calls.ts';

/** How a run goes. */
export interface RunOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly inFlight: readonly number[];
  /** The scripted upstream whose calls are counted. */
  readonly upstream: string;
  readonly say: (line: string) => void;
}

const none: Counts = new Map();
const maximumCalls = 50_000;
/** Rounds that are not counted: what V8 has not compiled yet costs twice, and a router's misses need some 20,000 calls until it has. */
const warmUps = 2;
/** A machine that others use too may stall for longer than a part's deadline; such a round is done again, and said. */
const maximumTries = 3;

/** What a run found: figures, and the cases that could not be measured. */
export interface Outcomes {
  readonly results: Result[];
  readonly failed: string[];
}

/** Runs all cases and gives the median round of each: p50, p95, p99, per_second, ratio_to_limit. */
export async function runCases(cases: readonly Case[], options: RunOptions): Promise<Outcomes> {
  for (const each of cases) {
    if (!each.prepare) continue;
    options.say(`prepare ${each.name}`);
    await each.prepare();
  }
  const rounds = new Map<string, Round[]>();
  const failed = new Set<string>();
  for (let round = 1 - warmUps; round <= options.rounds; round += 1) {
    for (const each of cases) {
      for (const inFlight of options.inFlight) {
        const key = `${each.name}_${inFlight}`;
        if (failed.has(key)) continue;
        const measured = await persist(each, inFlight, options);
        if (!measured) failed.add(key);
        else if (round > 0) rounds.set(key, [...(rounds.get(key) ?? []), measured]);
      }
    }
    options.say(round <= 0 ? 'warming up' : `round ${round} of ${options.rounds}`);
  }
  for (const key of failed) rounds.delete(key);
  const results = options.inFlight.flatMap((inFlight) => cases.flatMap((each) => toResults(each, inFlight, rounds)));
  return { results, failed: [...failed] };
}

/** A round, measured again where it failed; undefined where it never could be. */
async function persist(each: Case, inFlight: number, options: RunOptions): Promise<Round | undefined> {
  for (let attempt = 1; attempt <= maximumTries; attempt += 1) {
    try {
      return await measure(each, inFlight, options);
    } catch (error) {
      options.say(`${each.name}_${inFlight} failed (${attempt} of ${maximumTries}): ${(error as Error).message}`);
    }
  }
  return undefined;
}

/** One round, its writes included in its time. @throws Error where it missed too often, or cost the upstream other calls than it must */
async function measure(each: Case, inFlight: number, { seconds, upstream }: RunOptions): Promise<Round> {
  const callsBefore = each.upstreamCalls === undefined ? 0 : await upstreamCalls(upstream);
  const reasonsBefore = (await each.reasons?.()) ?? none;
  const written = await each.writes?.();
  const start = performance.now();
  const round = await runLoad(each.call, { inFlight, seconds, maximumCalls });
  await written?.(round.count);
  const elapsedMs = performance.now() - start;
  const { count, missed } = round;
  if (missed > (count + missed) * (each.maximumMissed ?? 0))
    throw new Error(
      `${missed} of ${count + missed} calls were no hits: ${growth(reasonsBefore, (await each.reasons?.()) ?? none)}`,
    );
  if (each.upstreamCalls !== undefined) {
    const calls = (await upstreamCalls(upstream)) - callsBefore;
    const expected = count * each.upstreamCalls + missed;
    if (calls !== expected) throw new Error(`${count + missed} calls cost the upstream ${calls}, not ${expected}`);
  }
  return { ...round, perSecond: (count * 1000) / elapsedMs };
}
