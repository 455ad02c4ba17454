/**
 * `node loadtest/src/quality/routing/time-prompts.ts DATA`: what judging a prompt costs, in processor time of this thread, over the prompts of
 * the routing and task sets as they are long; nothing is remembered between them. Each is judged a hundred times and the mean counts, once the
 * code is warm. The limit is one pass over the same head that cuts it into words: less than that nobody can do who reads it.
 */
import { resolve } from 'node:path';
import { createPromptModel, shippedMeaningWeights, shippedPromptWeights } from '@refrain/judgement';
import { printReport, type Result } from '../../bench/report.ts';
import { readRows } from '../rows.ts';
import { needSets, readNeedRows } from './need-rows.ts';

const [folder] = process.argv.slice(2);
if (!folder) {
  process.stderr.write('usage: node loadtest/src/quality/routing/time-prompts.ts DATA\n');
  process.exit(2);
}
const data = resolve(folder);
/** So that the clock's ticks of some milliseconds are small beside what is measured. */
const times = 100;
const readCharacters = 3000;
const texts = [
  ...needSets.flatMap((set) => readNeedRows(data, set).map(({ text }) => text)),
  ...readRows<{ prompt: string }>(data, 'complexity/task_labels').map(({ prompt }) => prompt),
].filter((_, i) => i % 16 === 0);
const model = createPromptModel(shippedPromptWeights, shippedMeaningWeights);
const vector = new Float32Array(shippedMeaningWeights.dimensions).fill(shippedMeaningWeights.dimensions ** -0.5);
let words = 0;
const candidates: Readonly<Record<string, (text: string) => void>> = {
  limit: (text) => {
    words +=
      text
        .slice(0, readCharacters)
        .toLowerCase()
        .match(/\p{L}+|\d+|[^\s\p{L}\p{N}]/gu)?.length ?? 0;
  },
  words: (text) => model(text),
  with_embedding: (text) => model(text, vector),
};

const spent = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};
const costs = new Map(Object.keys(candidates).map((name) => [name, [] as number[]]));
for (const text of texts.slice(0, 300)) for (const run of Object.values(candidates)) run(text);
for (const text of texts)
  for (const [name, run] of Object.entries(candidates)) {
    const before = spent();
    for (let i = 0; i < times; i += 1) run(text);
    costs.get(name)?.push((spent() - before) / times);
  }

const quantile = (name: string, share: number): number => {
  const sorted = [...(costs.get(name) ?? [])].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
};
const results = Object.keys(candidates).flatMap((name): Result[] => [
  { case: name, metric: 'p50', value: quantile(name, 0.5), unit: 'ms', n: texts.length },
  { case: name, metric: 'p99', value: quantile(name, 0.99), unit: 'ms', n: texts.length },
  { case: name, metric: 'p99_ratio_to_limit', value: quantile('limit', 0.99) / quantile(name, 0.99), unit: 'ratio' },
]);
process.stderr.write(`${texts.length} prompts, ${words} words counted\n`);
printReport('time-prompts', results, process.argv.includes('--json'));
