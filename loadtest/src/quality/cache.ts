/** Measures the cache's judgement on every set of a data folder: pairs, retrieval, dialogues, admission, streams. */
import type { Result } from '../bench/report.ts';
import { measureAdmission } from './admission.ts';
import { cosineCut, createAsker, type Decider, guardedCut, shipped } from './decide.ts';
import { type DialogueRow, dialogueTexts, measureDialogues } from './dialogues.ts';
import { embedTexts } from './embed-texts.ts';
import { wilson } from './intervals.ts';
import { measurePairs, type PairRow, type Served, serve } from './pairs.ts';
import { measureRetrieval, type RetrievalRow } from './retrieval.ts';
import { readRows, setsIn } from './rows.ts';
import { openStream, runStream, type StreamRow, streamResults } from './streams.ts';

/** How to measure. */
export interface MeasureOptions {
  /** Has models, and keeps vectors. */
  readonly home: string;
  say(line: string): void;
  /** Names of sets; all where absent. */
  readonly only?: readonly string[] | undefined;
  /** Also what each budget serves, beside cosine alone and plain guards. */
  readonly curve: boolean;
}

/** One point of a set's curve. */
export interface CurvePoint {
  readonly set: string;
  readonly decider: string;
  /** The budget, or the cosine cut. */
  readonly at: number;
  readonly right: number;
  readonly wrong: number;
}

/** What was found. */
export interface Measured {
  readonly results: Result[];
  readonly curve: CurvePoint[];
  /** Refusals by reason, over all pairs. */
  readonly reasons: ReadonlyMap<string, number>;
}

const budgets = [0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05];
const cuts = [0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.99];
const trapSets = [
  'pairs_traps_mariadb',
  'pairs_guard_synthetic',
  'pairs_fow600',
  'pairs_kmemo',
  'pairs_semanticmemo',
  'pairs_prompts',
  'pairs_checklist_qqp',
  'pairs_negation_cannot',
];

/** Reads, embeds what is not embedded yet, decides, counts. @throws Error for a folder without sets, or where the model fails */
export async function measureCache(folder: string, options: MeasureOptions): Promise<Measured> {
  const { say, home } = options;
  const wanted = (name: string) => !options.only || options.only.includes(name);
  const named = (part: string, start: string) =>
    setsIn(folder, part).filter((name) => name.startsWith(start) && wanted(name));
  const pairs = named('pairs', 'pairs_').map((name) => ({ name, rows: readRows<PairRow>(folder, `pairs/${name}`) }));
  const retrieval = named('pairs', 'retrieval_').map((name) => ({
    name,
    rows: readRows<RetrievalRow>(folder, `pairs/${name}`),
  }));
  const dialogues = named('multiturn', 'multiturn_pairs').map((name) => ({
    name,
    rows: readRows<DialogueRow>(folder, `multiturn/${name}`),
  }));
  const admission = named('admission', 'admission_').map((name) => ({
    name,
    rows: readRows<{ text: string; label: string }>(folder, `admission/${name}`),
  }));
  const streams = named('streams', 'stream_').map((name) => ({
    name,
    rows: readRows<StreamRow>(folder, `streams/${name}`),
  }));
  if (pairs.length + retrieval.length + dialogues.length + admission.length + streams.length === 0)
    throw new Error(
      `${folder} has none of the sets: pairs/pairs_*.jsonl, streams/stream_*.jsonl and so on are sought there`,
    );
  const texts = [
    ...pairs.flatMap(({ rows }) => rows.flatMap(({ a, b }) => [a, b])),
    ...retrieval.flatMap(({ rows }) => rows.flatMap(({ origin, similar }) => [origin, similar])),
    ...dialogues.flatMap(({ rows }) => dialogueTexts(rows)),
    ...streams.flatMap(({ rows }) => rows.map(({ text }) => text)),
  ];
  const vectorOf = await embedTexts(texts, home, say);
  const ask = createAsker(vectorOf);
  const results: Result[] = [];
  const curve: CurvePoint[] = [];
  const reasons = new Map<string, number>();
  const traps: Served[] = [];
  for (const { name, rows } of pairs) {
    say(`${name}: ${rows.length} pairs`);
    const { results: found, served } = measurePairs(name, rows, ask, vectorOf);
    results.push(...found);
    for (const [reason, count] of served.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
    if (trapSets.includes(name)) traps.push(served);
    if (options.curve) curve.push(...curveOf(name, (decider) => ratesOf(serve(rows, ask, decider))));
  }
  if (traps.length > 0) results.push(pooled(traps));
  for (const { name, rows } of retrieval) results.push(measureRetrieval(name, rows, vectorOf));
  for (const { name, rows } of dialogues) results.push(...measureDialogues(name, rows, vectorOf));
  for (const { name, rows } of admission) results.push(measureAdmission(name, rows));
  for (const { name, rows } of streams) {
    const stream = openStream(rows, ask, (done) => say(`${name}: neighbours of ${done} of ${rows.length}`));
    results.push(...streamResults(name, runStream(stream, shipped(0.01))));
    say(`${name}: done`);
    if (!options.curve) continue;
    curve.push(
      ...curveOf(name, (decider) => {
        const { n, hits, wrong } = runStream(stream, decider);
        return { right: (hits - wrong) / n, wrong: wrong / n };
      }),
    );
  }
  return { results, curve, reasons };
}

function curveOf(set: string, measure: (decider: Decider) => { right: number; wrong: number }): CurvePoint[] {
  return [
    ...budgets.map((at) => ({ set, decider: 'verified', at, ...measure(shipped(at)) })),
    ...cuts.map((at) => ({ set, decider: 'MiniLM alone', at, ...measure(cosineCut(at)) })),
    ...cuts.map((at) => ({ set, decider: 'plain guards', at, ...measure(guardedCut(at)) })),
  ];
}

function ratesOf({ right, rights, wrong, wrongs }: Served): { right: number; wrong: number } {
  return { right: right / Math.max(1, rights), wrong: wrong / Math.max(1, wrongs) };
}

/** The wrong pairs of all trap sets together. */
function pooled(traps: readonly Served[]): Result {
  const wrong = traps.reduce((sum, served) => sum + served.wrong, 0);
  const n = traps.reduce((sum, served) => sum + served.wrongs, 0);
  return { case: 'traps_pooled', metric: 'served_wrong', value: wrong / n, ...wilson(wrong, n), n, unit: 'share' };
}
