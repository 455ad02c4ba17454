/**
 * Streams of requests: for each in its order, look up, insert on a miss, as the cache does, without an end of life and without a size.
 * The exact level comes first; a semantic hit is not stored. Which earlier questions are near does not depend on the decision, so the
 * neighbours are found once, by brute force within the tenant's partition, and each decision sees those of them that it stored.
 */
import { Traffic } from '@refrain/judgement';
import type { Result } from '../bench/report.ts';
import type { Asked, Decider } from './decide.ts';
import { wilson } from './intervals.ts';
import { type Neighbour, nearestEarlier } from './neighbours.ts';

/** One row of a `stream_*` file. */
export interface StreamRow {
  readonly text: string;
  readonly class: number;
  readonly tenant?: string;
  readonly kind?: string;
  readonly truth_hit: boolean;
  readonly truth_hit_tenant?: boolean;
}

/** A stream with what every decision shares. */
export interface Stream {
  readonly rows: readonly StreamRow[];
  readonly asked: readonly Asked[];
  readonly near: readonly (readonly Neighbour[])[];
}

/** What a stream gave. */
export interface StreamOutcome {
  readonly n: number;
  readonly hits: number;
  readonly wrong: number;
  readonly truth: number;
  readonly crossTenant: number;
  readonly trapsServed: number;
  readonly traps: number;
  readonly wrongRows: readonly { readonly asked: string; readonly served: string; readonly kind: string }[];
}

const topK = 5;
/** Of so many neighbours enough are stored. */
const kept = 40;

/** Finds all neighbours. */
export function openStream(
  rows: readonly StreamRow[],
  ask: (text: string) => Asked,
  onProgress: (done: number) => void,
): Stream {
  const asked = rows.map(({ text }) => ask(text));
  const groups = rows.map((row, i) => partitionOf(row, asked[i]));
  return {
    rows,
    asked,
    near: nearestEarlier(
      asked.map(({ vector }) => vector),
      groups,
      kept,
      onProgress,
    ),
  };
}

function partitionOf({ tenant = '' }: StreamRow, asked: Asked | undefined): string {
  return `${tenant}\n${asked?.partition}`;
}

/** Runs a stream through a decision. */
export function runStream({ rows, asked, near }: Stream, decider: Decider): StreamOutcome {
  const exact = new Map<string, number>();
  const stored = new Set<number>();
  const traffic = new Map<string, Traffic>();
  const wrongRows: { asked: string; served: string; kind: string }[] = [];
  let hits = 0;
  let truth = 0;
  let crossTenant = 0;
  let traps = 0;
  let trapsServed = 0;
  for (const [i, row] of rows.entries()) {
    const question = asked[i];
    if (!question) continue;
    if (row.truth_hit_tenant ?? row.truth_hit) truth += 1;
    if (row.kind === 'trap') traps += 1;
    const key = `${row.tenant ?? ''}\n${row.text}`;
    const partition = partitionOf(row, question);
    const own = traffic.get(partition) ?? new Traffic();
    traffic.set(partition, own);
    const candidates = (near[i] ?? []).filter(({ place }) => stored.has(place));
    const found = exact.get(key) ?? bySimilarity(question, candidates, { asked, decider, traffic: own });
    const hit = found === undefined ? undefined : rows[found];
    if (hit) {
      hits += 1;
      if (hit.tenant !== row.tenant) crossTenant += 1;
      if (hit.class === row.class) continue;
      wrongRows.push({ asked: row.text, served: hit.text, kind: row.kind ?? '' });
      if (row.kind === 'trap') trapsServed += 1;
      continue;
    }
    exact.set(key, i);
    stored.add(i);
  }
  return { n: rows.length, hits, wrong: wrongRows.length, truth, crossTenant, traps, trapsServed, wrongRows };
}

function bySimilarity(
  question: Asked,
  near: readonly Neighbour[],
  by: { readonly asked: readonly Asked[]; readonly decider: Decider; readonly traffic: Traffic },
): number | undefined {
  if (!question.vector || near.length === 0) return undefined;
  const chosen = near.slice(0, topK);
  const candidates = chosen.map(({ place, cosine }) => ({ question: by.asked[place]?.text ?? '', cosine }));
  const { accept } = by.decider.decide(question, candidates, by.traffic);
  return accept === undefined ? undefined : chosen[accept]?.place;
}

/** The figures of one stream. */
export function streamResults(name: string, outcome: StreamOutcome): Result[] {
  const { n, hits, wrong, truth, crossTenant, traps, trapsServed } = outcome;
  const share = (metric: string, count: number, of: number): Result => ({
    case: name,
    metric,
    value: of === 0 ? 0 : count / of,
    ...wilson(count, of),
    n: of,
    unit: 'share',
  });
  return [
    share('hits', hits, n),
    share('errors', wrong, n),
    share('precision', hits - wrong, hits),
    share('recall', hits - wrong, truth),
    { case: name, metric: 'cross_tenant_hits', value: crossTenant, n, unit: 'hits' },
    ...(traps > 0 ? [share('traps_served', trapsServed, traps)] : []),
  ];
}
