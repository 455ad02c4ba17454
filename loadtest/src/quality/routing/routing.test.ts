import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPromptModel } from '@refrain/judgement';
import { Random } from '../fit/random.ts';
import { solvePositive } from '../fit/solve.ts';
import { fitPrompts } from './fit.ts';
import { fitMeaning } from './fit-meaning.ts';
import { fitDefaults } from './fit-options.ts';
import type { FitRow } from './fit-rows.ts';
import { accuracyOf, macroF1, routerQuality, shuffledQuality } from './metrics.ts';
import { needTargets } from './need-targets.ts';
import { fitRidge } from './ridge.ts';
import { taskTargets } from './task-targets.ts';
import { writePrompts } from './written-prompts.ts';

const rows = [1, 0, 0, 1].map((gain, i) => ({ score: [4, 3, 2, 1][i] ?? 0, strong: gain, weak: 0 }));

test('a router that knows closes the gap at once, one that knows nothing by half, and ties do not depend on the order', () => {
  const known = rows.map((row) => ({ ...row, score: row.strong }));
  assert.equal(routerQuality(known).apgr, 0.75);
  assert.equal(routerQuality(known).cpt50, 0.25);
  const blind = rows.map((row) => ({ ...row, score: 1 }));
  assert.equal(routerQuality(blind).apgr, 0.5);
  assert.deepEqual(routerQuality(blind), routerQuality([...blind].reverse()));
  assert.ok(Math.abs(shuffledQuality(known).mean - 0.5) < 0.05);
});

test('accuracy and macro F1 are those of the confusion table', () => {
  const taken = ['a', 'a', 'b', 'b'].map((label, i) => ({ label, taken: i === 3 ? 'a' : label }));
  assert.equal(accuracyOf(taken), 0.75);
  assert.equal(macroF1(taken), (4 / 5 + 2 / 3) / 2);
});

test('ridge regression finds the weights that made the values', () => {
  const n = 200;
  const places = Int32Array.from({ length: n }, (_, i) => i % 3);
  const dense = Float64Array.from({ length: n }, (_, i) => Math.sin(i));
  const targets = Array.from({ length: n }, (_, i) => ({
    value: ([1, -1, 0][i % 3] ?? 0) + 2 * Math.sin(i),
    weight: i === 0 ? 0 : 1,
  }));
  const starts = Int32Array.from({ length: n + 1 }, (_, i) => i);
  const matrix = { starts, places, weights: new Float64Array(n).fill(1), dense, denseColumns: 1, columns: 3 };
  const fitted = fitRidge(matrix, targets, { terms: 1e-6, dense: 1e-6 });
  assert.ok(Math.abs((fitted.dense[0] ?? 0) - 2) < 1e-3);
  assert.ok(Math.abs((fitted.terms[0] ?? 0) - (fitted.terms[1] ?? 0) - 2) < 1e-3);
});

test('the target of need is mostly its group’s gain, within its source', () => {
  const row = (source: string, group: string, value: number): FitRow => ({ text: '', source, gain: { value, group } });
  const made = [...Array(50).fill(row('s', 'hard', 1)), ...Array(50).fill(row('s', 'easy', 0)), row('s', 'hard', 0)];
  const targets = needTargets([...made, { text: 'no outcome', source: 'written' }]);
  const [hard, easy, unlucky, none] = [targets[0], targets[50], targets[100], targets[101]];
  assert.ok((hard?.value ?? 0) > 0.3 && (easy?.value ?? 0) < -0.3);
  assert.ok((unlucky?.value ?? 0) > (easy?.value ?? 0));
  assert.equal(none?.weight, 0);
});

test('a fit on written prompts knows written prompts it has not seen, and is the same each time', () => {
  const fitRows = writePrompts(700, 1).map((row): FitRow => ({ ...row, source: 'written' }));
  const options = { ...fitDefaults, terms: 3000 };
  const weights = fitPrompts(fitRows, {}, options);
  assert.deepEqual(fitPrompts(fitRows, {}, options), weights);
  const judge = createPromptModel(weights);
  const others = writePrompts(300, 2);
  const tasks = others.map(({ text, task }) => ({ label: task, taken: judge(text).task }));
  assert.ok(accuracyOf(tasks) > 0.9, String(accuracyOf(tasks)));
});

test('what embeddings tell and words do not is learned from them', () => {
  const random = new Random(3);
  // Words of chance, and vectors that stand on either side of a plane by the task.
  const tasks = ['code', 'text'] as const;
  const drawn = Array.from({ length: 300 }, (_, i) => {
    const task = tasks[i % 2] ?? 'text';
    const raw = Float32Array.from({ length: 384 }, () => random.next() - 0.5);
    raw[0] = task === 'code' ? 6 : -6;
    const length = Math.sqrt(raw.reduce((sum, each) => sum + each * each, 0));
    return { row: { text: `prompt ${random.next()}`, task, source: 'made' }, vector: raw.map((each) => each / length) };
  });
  const vectors = new Map(drawn.map(({ row, vector }) => [row.text, vector]));
  const of = (text: string) => vectors.get(text) ?? ('too_long' as const);
  const [known, unseen] = [drawn.slice(0, 200), drawn.slice(200)];
  const rowsOf = known.map(({ row }): FitRow => row);
  const judge = createPromptModel(fitPrompts(rowsOf, {}), fitMeaning(rowsOf, of));
  const taken = unseen.map(({ row, vector }) => ({ label: row.task as string, taken: judge(row.text, vector).task }));
  assert.ok(accuracyOf(taken) > 0.95, String(accuracyOf(taken)));
  assert.throws(() => fitMeaning(rowsOf, () => 'too_long'), /no row/);
});

test('Cholesky solves what it is given', () => {
  const solved = solvePositive(Float64Array.from([4, 0, 2, 3]), [Float64Array.from([10, 8])]);
  assert.deepEqual(
    solved[0]?.map((each) => Math.round(each * 1e6) / 1e6),
    Float64Array.from([1.75, 1.5]),
  );
});

test('rows of a small source count more than those of a large one', () => {
  const row = (source: string): FitRow => ({ text: '', source, task: 'text' });
  const targets = taskTargets([row('small_a'), ...Array.from({ length: 900 }, () => row('large'))], 'text');
  assert.ok((targets[0]?.weight ?? 0) > 2 * (targets[1]?.weight ?? 0));
});
