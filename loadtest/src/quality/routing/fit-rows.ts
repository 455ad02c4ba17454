/**
 * The rows the prompt model is fitted on: only sets that may ship (the data's README names them), and prompts written for the purpose.
 * FLASK, WizardLM, auto-j, AlpacaEval and WebGen are never fitted on, nor is MT-bench for `need`.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskName } from '@refrain/judgement';
import { readRows } from '../rows.ts';
import { type Level, levelOfCollection } from './levels.ts';
import { needSets, readNeedRows } from './need-rows.ts';
import { wrapPassages } from './passages.ts';
import { writePrompts } from './written-prompts.ts';

/** A prompt and what is known of it. */
export interface FitRow {
  readonly text: string;
  /** The set, or the source within the set of tasks. */
  readonly source: string;
  /** What a strong model gained over a weak one, and the subject, within the source. */
  readonly gain?: { readonly value: number; readonly group: string };
  readonly task?: TaskName | undefined;
  readonly level?: Level | undefined;
}

const fittedFiles = [
  'routing/routing_mmlu',
  'routing/routing_gsm8k',
  'routing/routing_llmrouter',
  'complexity/task_labels',
  'clusters/clusters_banking77',
  'multiturn/multiturn_cast',
  'pairs/pairs_fow600',
  'pairs/pairs_kmemo',
] as const;

/** Sources of `task_labels` that may ship. */
const taskSources = /^(?:humaneval|mbpp|odex|gsm8k_train|bbh_\w+|mtbench|arenahard2|webbench_.+)$/;

const taskOfCollection: Readonly<Record<string, TaskName>> = {
  natural_qa: 'text',
  trivia_qa: 'text',
  commongen: 'text',
  'agentverse-logicgrid': 'reasoning',
  gsm8k: 'reasoning',
  math: 'reasoning',
  mmlu: 'reasoning',
  arc_challenge: 'reasoning',
  mbpp: 'code',
  human_eval: 'code',
};

const writtenPrompts = 11500;
const wrappedPassages = 900;
const writtenSeed = 5;

/** All rows of a data folder, in the order of the files. @throws Error where a set is missing */
export function readFitRows(folder: string): FitRow[] {
  return [...routing(folder), ...tasks(folder), ...questions(folder), ...passages(folder), ...written()];
}

/** A digest of each file that is fitted on and that the folder has. */
export function digestsOf(folder: string): Record<string, string> {
  const digest = (file: string) => createHash('sha256').update(readFileSync(join(folder, `${file}.jsonl`)));
  const found = fittedFiles.filter((file) => existsSync(join(folder, `${file}.jsonl`)));
  return Object.fromEntries(found.map((file) => [file, digest(file).digest('hex').slice(0, 16)]));
}

function routing(folder: string): FitRow[] {
  return needSets
    .filter((set) => set !== 'routing_mtbench')
    .flatMap((set) =>
      readNeedRows(folder, set).map(({ text, strong, weak, group }, i) => ({
        text,
        source: set,
        gain: { value: strong - weak, group },
        // Parts of them tell a task: more would outweigh all other sources.
        task:
          set === 'routing_llmrouter' && i % 2 === 0
            ? taskOfCollection[group]
            : set === 'routing_mmlu' && i % 10 === 0
              ? 'reasoning'
              : undefined,
      })),
    );
}

function tasks(folder: string): FitRow[] {
  return readRows<{ prompt: string; task: TaskName; src: string }>(folder, 'complexity/task_labels')
    .filter(({ src }) => taskSources.test(src))
    .map(({ prompt, task, src }) => ({
      text: prompt,
      source: src,
      task,
      level: levelOfCollection(src),
    }));
}

/** What people ask a bank, an assistant, a service: text. */
function questions(folder: string): FitRow[] {
  const every = <Row>(file: string, step: number, textOf: (row: Row) => string): FitRow[] =>
    readRows<Row>(folder, file).flatMap((row, i) =>
      i % step === 0 ? [{ text: textOf(row), source: file, task: 'text' as const }] : [],
    );
  return [
    ...every<{ text: string }>('clusters/clusters_banking77', 20, ({ text }) => text),
    ...every<{ resolved: string }>('multiturn/multiturn_cast', 2, ({ resolved }) => resolved),
    ...every<{ a: string }>('pairs/pairs_fow600', 2, ({ a }) => a),
    ...every<{ a: string }>('pairs/pairs_kmemo', 2, ({ a }) => a),
  ];
}

/** Demands on passages: the questions of MMLU without their choices and of GSM8K, and the programs that HumanEval and MBPP ask for. */
function passages(folder: string): FitRow[] {
  const stems = [...readNeedRows(folder, 'routing_mmlu'), ...readNeedRows(folder, 'routing_gsm8k')].map(
    ({ text }) => text.split(/\nA\. /)[0] ?? text,
  );
  const code = readRows<{ prompt: string; src: string }>(folder, 'complexity/task_labels')
    .filter(({ src }) => src === 'humaneval' || src === 'mbpp')
    .map(({ prompt }) => prompt);
  return wrapPassages(stems, code, { count: wrappedPassages, seed: writtenSeed }).map((row) => ({
    ...row,
    source: 'passages',
  }));
}

function written(): FitRow[] {
  return writePrompts(writtenPrompts, writtenSeed).map(({ text, task, level }) => ({
    text,
    source: 'written',
    task,
    level,
  }));
}
