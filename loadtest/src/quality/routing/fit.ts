/**
 * Fits the prompt model. One vocabulary for all heads: terms that enough prompts have; a first fit finds those that weigh something,
 * a second one is made on these alone, so that what ships is small and was fitted as it ships.
 */
import { type PromptText, type PromptWeights, readPrompt, shapeNames, taskNames, weigh } from '@refrain/judgement';
import { type FitOptions, fitDefaults } from './fit-options.ts';
import type { FitRow } from './fit-rows.ts';
import { countTerms, heaviest, raritiesOf, type Term, vocabularyOf } from './fit-terms.ts';
import type { Heads } from './heads.ts';
import { needTargets } from './need-targets.ts';
import { quantise, type Scale } from './quantise.ts';
import { fitRidge, type Matrix } from './ridge.ts';
import { taskTargets } from './task-targets.ts';

/** The weights for these rows, quantised. `fittedOn` are the digests of their files. */
export function fitPrompts(
  rows: readonly FitRow[],
  fittedOn: Readonly<Record<string, string>>,
  options: FitOptions = fitDefaults,
): PromptWeights {
  const read = rows.map(({ text }) => readPrompt(text));
  const scale = scaleOf(read.map(({ shape }) => shape));
  const wide = countTerms(read, options.leastRows);
  const first = fitHeads(matrixOf(read, wide, scale), rows, options);
  const kept = heaviest(wide, first, options.terms);
  const matrix = matrixOf(read, kept, scale);
  return quantise(kept, fitHeads(matrix, rows, options), scale, { fittedOn, rows, read, matrix, options });
}

function scaleOf(shapes: readonly Float64Array[]): Scale {
  const mean = (of: (shape: Float64Array, i: number) => number) =>
    Float64Array.from(shapeNames, (_, i) => shapes.reduce((sum, shape) => sum + of(shape, i), 0) / shapes.length);
  const means = mean((shape, i) => shape[i] ?? 0);
  const spreads = mean((shape, i) => ((shape[i] ?? 0) - (means[i] ?? 0)) ** 2).map((square) => Math.sqrt(square) || 1);
  return { means, spreads };
}

function matrixOf(read: readonly PromptText[], terms: ReadonlyMap<Term, number>, { means, spreads }: Scale): Matrix {
  const vocabulary = vocabularyOf(terms);
  const rarity = raritiesOf(terms, read.length);
  const weighed = read.map(({ head, tokens }) => weigh(head, tokens, vocabulary, rarity));
  const starts = new Int32Array(read.length + 1);
  for (const [i, { places }] of weighed.entries()) starts[i + 1] = (starts[i] ?? 0) + places.length;
  const places = new Int32Array(starts[read.length] ?? 0);
  const weights = new Float64Array(places.length);
  for (const [i, row] of weighed.entries()) {
    places.set(row.places, starts[i]);
    weights.set(row.weights, starts[i]);
  }
  const dense = new Float64Array(read.length * shapeNames.length);
  for (const [i, { shape }] of read.entries())
    dense.set(
      shape.map((value, k) => (value - (means[k] ?? 0)) / (spreads[k] ?? 1)),
      i * shapeNames.length,
    );
  return { starts, places, weights, dense, denseColumns: shapeNames.length, columns: terms.size };
}

function fitHeads(matrix: Matrix, rows: readonly FitRow[], options: FitOptions): Heads {
  const heads = {} as Heads;
  heads.need = fitRidge(matrix, needTargets(rows), options.need);
  for (const name of taskNames) heads[name] = fitRidge(matrix, taskTargets(rows, name), options.task);
  heads.text = { ...heads.text, bias: heads.text.bias + options.textBias };
  heads.level = fitRidge(
    matrix,
    rows.map(({ level }) => ({ value: level ?? 0, weight: level === undefined ? 0 : 1 })),
    options.level,
  );
  return heads;
}
