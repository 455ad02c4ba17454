/** Measures the prompt model as a router and as a classifier, on every set of a data folder that it has. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskName } from '@refrain/judgement';
import type { Result } from '../../bench/report.ts';
import { wilson } from '../intervals.ts';
import { readRows } from '../rows.ts';
import { accuracyOf, bootstrap, type Labelled, macroF1, routerQuality, shuffledQuality } from './metrics.ts';
import { type NeedSet, needSets, readNeedRows } from './need-rows.ts';
import { openScorers, type Scorers } from './scorers.ts';

/** How to measure. */
export interface RoutingOptions {
  /** Where to fit; absent: the shipped weights, or cross-validation where they were fitted on these very files. */
  readonly train?: string | undefined;
  say(line: string): void;
}

interface TaskRow {
  readonly prompt: string;
  readonly task: TaskName;
  readonly src: string;
}

/** All figures. @throws Error for a folder with none of the sets */
export function measureRouting(folder: string, { train, say }: RoutingOptions): Result[] {
  const scorers = openScorers(folder, train, say);
  const results = [
    ...needSets.flatMap((set) => measureNeed(folder, set, scorers)),
    ...measureTasks(folder, scorers, say),
    ...['flask', 'wizardlm'].flatMap((name) => measureComplexity(folder, `complexity_${name}`, scorers)),
  ];
  if (results.length === 0) throw new Error(`${folder} has none of the sets: routing/routing_*.jsonl and complexity/*`);
  return results;
}

function measureNeed(folder: string, set: NeedSet, { judge }: Scorers): Result[] {
  const rows = readNeedRows(folder, set);
  if (rows.length === 0) return [];
  const scored = rows.map(({ text, strong, weak }) => ({ score: judge(text).need, strong, weak }));
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
    result('apgr_length', routerQuality(byLength).apgr),
    result('apgr_shuffled', luck.mean),
    result('apgr_shuffled_sd', luck.spread),
  ];
}

function measureTasks(folder: string, { judge, without, means }: Scorers, say: (line: string) => void): Result[] {
  const name = 'task_labels';
  if (!existsSync(join(folder, 'complexity', `${name}.jsonl`))) return [];
  const rows = readRows<TaskRow>(folder, `complexity/${name}`);
  const taken = rows.map(({ prompt, task }) => ({ label: task, taken: judge(prompt).task }));
  const folded = taken.map(foldUi);
  const results = [
    share(name, 'accuracy', folded),
    share(name, 'accuracy_4', taken),
    { case: name, metric: 'macro_f1', value: macroF1(folded), unit: 'share', n: rows.length },
  ];
  for (const source of ['mtbench', 'wizardlm', 'arenahard2', 'autoj']) {
    const own = rows.filter(({ src }) => src === source);
    // What was never fitted on needs no fit of its own.
    const isTestOnly = source === 'wizardlm' || source === 'autoj';
    const judgeOf = isTestOnly ? judge : without?.(source);
    if (!judgeOf || own.length === 0) {
      say(`loso_${source}: left out, since ${means} weights have seen that source; give --train`);
      continue;
    }
    const judged = own.map(({ prompt, task }) => foldUi({ label: task, taken: judgeOf(prompt).task }));
    results.push(share(name, `loso_${source}`, judged));
  }
  return results;
}

function measureComplexity(folder: string, name: string, { judge }: Scorers): Result[] {
  if (!existsSync(join(folder, 'complexity', `${name}.jsonl`))) return [];
  const rows = readRows<{ prompt: string; complexity: string }>(folder, `complexity/${name}`);
  const judged = rows.map(({ prompt, complexity }) => ({ label: complexity, taken: judge(prompt).complexity }));
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
