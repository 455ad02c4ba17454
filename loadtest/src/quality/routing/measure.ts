/**
 * Measures the prompt model as a router and as a classifier, on every set of a data folder that it has: as a miss is routed, by words and
 * embedding, and under `…_words` by words alone, as where nothing was embedded. `with_embedding` is the share that had one.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PromptJudgement, TaskName } from '@refrain/judgement';
import type { Result } from '../../bench/report.ts';
import { embedTexts } from '../embed-texts.ts';
import { wilson } from '../intervals.ts';
import { readRows } from '../rows.ts';
import { readFitRows } from './fit-rows.ts';
import { accuracyOf, bootstrap, type Labelled, macroF1, routerQuality, shuffledQuality } from './metrics.ts';
import { type NeedRow, type NeedSet, needSets, readNeedRows } from './need-rows.ts';
import { fitFolder, type Judge, openScorers, type Scorers, type VectorOf } from './scorers.ts';

/** How to measure. */
export interface RoutingOptions {
  /** Where to fit; absent: the shipped weights, or cross-validation where they were fitted on these very files. */
  readonly train?: string | undefined;
  /** Folder of models and kept vectors. */
  readonly home: string;
  say(line: string): void;
}

interface TaskRow {
  readonly prompt: string;
  readonly task: TaskName;
  readonly src: string;
}

/** All figures. @throws Error for a folder with none of the sets */
export async function measureRouting(folder: string, { train, home, say }: RoutingOptions): Promise<Result[]> {
  const needs = needSets.map((set) => ({ set, rows: readNeedRows(folder, set) })).filter(({ rows }) => rows.length > 0);
  const tasks = readIfThere<TaskRow>(folder, 'task_labels');
  const levels = levelSets.map((set) => ({ set, rows: readIfThere<LevelRow>(folder, set) }));
  const measured = [
    ...needs.flatMap(({ rows }) => rows.map(({ text }) => text)),
    ...[tasks, ...levels.map(({ rows }) => rows)].flatMap((rows) => rows.map(({ prompt }) => prompt)),
  ];
  if (measured.length === 0)
    throw new Error(`${folder} has none of the sets: routing/routing_*.jsonl and complexity/*`);
  const fittedFrom = fitFolder(folder, train);
  const texts = [...measured, ...(fittedFrom ? readFitRows(fittedFrom).map(({ text }) => text) : [])];
  const vectorOf = await embedIfPossible(texts, home, say);
  const scorers = openScorers(folder, train, { vectorOf, say });
  return [
    ...needs.flatMap(({ set, rows }) => measureNeed(set, rows, scorers, vectorOf)),
    ...(tasks.length > 0 ? measureTasks(tasks, scorers, vectorOf, say) : []),
    ...levels.flatMap(({ set, rows }) => (rows.length > 0 ? measureComplexity(set, rows, scorers) : [])),
  ];
}

interface LevelRow {
  readonly prompt: string;
  readonly complexity: string;
}
const levelSets = ['complexity_flask', 'complexity_wizardlm'];

function readIfThere<Row>(folder: string, name: string): Row[] {
  return existsSync(join(folder, 'complexity', `${name}.jsonl`)) ? readRows<Row>(folder, `complexity/${name}`) : [];
}

async function embedIfPossible(texts: readonly string[], home: string, say: (line: string) => void): Promise<VectorOf> {
  try {
    return await embedTexts(texts, home, say);
  } catch (error) {
    say(`by words alone, for there is no embedder: ${(error as Error).message}`);
    return undefined;
  }
}

/** The share of texts that have an embedding. */
function embedded(name: string, texts: readonly string[], vectorOf: VectorOf): Result {
  const has = texts.filter((text) => vectorOf && typeof vectorOf(text) !== 'string').length;
  return { case: name, metric: 'with_embedding', value: has / texts.length, unit: 'share', n: texts.length };
}

function measureNeed(set: NeedSet, rows: readonly NeedRow[], { whole, words }: Judge, vectorOf: VectorOf): Result[] {
  const scored = rows.map(({ text, strong, weak }) => ({ score: whole(text).need, strong, weak }));
  const byWords = rows.map(({ text, strong, weak }) => ({ score: words(text).need, strong, weak }));
  const byLength = rows.map(({ text, strong, weak }) => ({ score: text.length, strong, weak }));
  const quality = routerQuality(scored);
  const luck = shuffledQuality(scored);
  const result = (metric: string, value: number, more: Partial<Result> = {}): Result => ({
    case: set,
    metric,
    value,
    unit: 'share',
    n: rows.length,
    ...more,
  });
  return [
    result(
      'apgr',
      quality.apgr,
      bootstrap(scored, (drawn) => routerQuality(drawn).apgr),
    ),
    result('cpt50', quality.cpt50),
    result('cpt80', quality.cpt80),
    result('apgr_words', routerQuality(byWords).apgr),
    result('apgr_length', routerQuality(byLength).apgr),
    result('apgr_shuffled', luck.mean),
    result('apgr_shuffled_sd', luck.spread),
    embedded(
      set,
      rows.map(({ text }) => text),
      vectorOf,
    ),
  ];
}

function measureTasks(
  rows: readonly TaskRow[],
  { means, whole, without, words }: Scorers,
  vectorOf: VectorOf,
  say: (line: string) => void,
): Result[] {
  const name = 'task_labels';
  const taken = (of: readonly TaskRow[], judge: (text: string) => PromptJudgement) =>
    of.map(({ prompt, task }) => ({ label: task, taken: judge(prompt).task }));
  const [all, byWords] = [taken(rows, whole), taken(rows, words)];
  const folded = all.map(foldUi);
  const results = [
    share(name, 'accuracy', folded),
    share(name, 'accuracy_words', byWords.map(foldUi)),
    share(name, 'accuracy_4', all),
    { case: name, metric: 'macro_f1', value: macroF1(folded), unit: 'share', n: rows.length },
    embedded(
      name,
      rows.map(({ prompt }) => prompt),
      vectorOf,
    ),
  ];
  for (const source of ['mtbench', 'wizardlm', 'arenahard2', 'autoj']) {
    const own = rows.filter(({ src }) => src === source);
    // What was never fitted on needs no fit of its own.
    const isTestOnly = source === 'wizardlm' || source === 'autoj';
    const judge = isTestOnly ? { whole, words } : without?.(source);
    if (!judge || own.length === 0) {
      say(`loso_${source}: left out, since ${means} weights have seen that source; give --train`);
      continue;
    }
    results.push(
      share(name, `loso_${source}`, taken(own, judge.whole).map(foldUi)),
      share(name, `loso_${source}_words`, taken(own, judge.words).map(foldUi)),
    );
  }
  return results;
}

function measureComplexity(name: string, rows: readonly LevelRow[], { words }: Judge): Result[] {
  const judged = rows.map(({ prompt, complexity }) => ({ label: complexity, taken: words(prompt).complexity }));
  return [
    share(name, 'accuracy', judged),
    { case: name, metric: 'macro_f1', value: macroF1(judged), unit: 'share', n: rows.length },
  ];
}

/** Three ways: what makes a page counts as text, as the published figures do. */
function foldUi({ label, taken }: Labelled): Labelled {
  const fold = (name: string) => (name === 'ui' ? 'text' : name);
  return { label: fold(label), taken: fold(taken) };
}

function share(name: string, metric: string, rows: readonly Labelled[]): Result {
  const value = accuracyOf(rows);
  return {
    case: name,
    metric,
    value,
    unit: 'share',
    n: rows.length,
    ...wilson(Math.round(value * rows.length), rows.length),
  };
}
