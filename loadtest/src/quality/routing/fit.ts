/**
 * Fits the prompt model. One vocabulary for all heads: terms that enough prompts have; a first fit finds those that weigh something,
 * a second one is made on these alone, so that what ships is small and was fitted as it ships.
 */
import {
  forEachTerm,
  type HeadName,
  type HeadWeights,
  headNames,
  type PromptText,
  type PromptWeights,
  raritySteps,
  readPrompt,
  shapeNames,
  taskNames,
  type Vocabulary,
  weigh,
} from '@refrain/judgement';
import type { FitRow } from './fit-rows.ts';
import { needTargets } from './need-targets.ts';
import { type Fitted, fitRidge, type Matrix, type Penalties, type Target } from './ridge.ts';

/** Knobs of the fit; the defaults are what ships. */
export interface FitOptions {
  /** Prompts that must have a term. */
  readonly leastRows: number;
  /** Terms that ship. */
  readonly terms: number;
  readonly need: Penalties;
  readonly task: Penalties;
  readonly level: Penalties;
  /** Added to the score of `text`, of which collections hold less than traffic does. */
  readonly textBias: number;
  /** Shares of prompts that are taken for simple, and for simple or medium. */
  readonly levelShares: readonly [number, number];
}

/** What ships. */
export const fitDefaults: FitOptions = {
  leastRows: 4,
  terms: 12_000,
  need: { terms: 3, dense: 20 },
  task: { terms: 1, dense: 10 },
  level: { terms: 2, dense: 10 },
  textBias: 0.15,
  levelShares: [0.25, 0.68],
};

type Term = `${keyof Vocabulary}|${string}`;

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
  return quantise(kept, fitHeads(matrix, rows, options), scale, { fittedOn, rows, matrix, options });
}

/** Terms with the number of prompts that have them. */
function countTerms(read: readonly PromptText[], leastRows: number): Map<Term, number> {
  const counts = new Map<Term, number>();
  for (const { head, tokens } of read) {
    const own = new Set<Term>();
    forEachTerm(head, tokens, (term, form) => {
      own.add(`open|${term}`);
      if (form !== 'open') own.add(`${form}|${term}`);
    });
    for (const term of own) counts.set(term, (counts.get(term) ?? 0) + 1);
  }
  const order = ['open', 'choices', 'sum'];
  const formOfTerm = (term: Term) => order.indexOf(term.slice(0, term.indexOf('|')));
  return new Map(
    [...counts].filter(([, count]) => count >= leastRows).sort(([a], [b]) => formOfTerm(a) - formOfTerm(b)),
  );
}

/** Rarity by place, as it ships: whole steps. */
function raritiesOf(terms: ReadonlyMap<Term, number>, rows: number): Uint8Array {
  return Uint8Array.from(terms.values(), (count) =>
    Math.min(255, Math.round(raritySteps * (Math.log((1 + rows) / (1 + count)) + 1))),
  );
}

function vocabularyOf(terms: ReadonlyMap<Term, number>): Vocabulary {
  const vocabulary = {
    open: new Map<string, number>(),
    choices: new Map<string, number>(),
    sum: new Map<string, number>(),
  };
  for (const [place, term] of [...terms.keys()].entries()) {
    const bar = term.indexOf('|');
    vocabulary[term.slice(0, bar) as keyof Vocabulary].set(term.slice(bar + 1), place);
  }
  return vocabulary;
}

interface Scale {
  readonly means: Float64Array;
  readonly spreads: Float64Array;
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

type Heads = Record<HeadName, Fitted>;

function fitHeads(matrix: Matrix, rows: readonly FitRow[], options: FitOptions): Heads {
  const heads = {} as Heads;
  heads.need = fitRidge(matrix, needTargets(rows), options.need);
  const tasks = new Map<string, number>();
  for (const { task } of rows) if (task) tasks.set(task, (tasks.get(task) ?? 0) + 1);
  const all = [...tasks.values()].reduce((sum, count) => sum + count, 0);
  for (const name of taskNames) {
    const targets = rows.map(({ task }): Target => {
      if (!task) return nothing;
      return { value: task === name ? 1 : -1, weight: Math.sqrt(all / 4 / (tasks.get(task) ?? 1)) };
    });
    heads[name] = fitRidge(matrix, targets, options.task);
  }
  heads.text = { ...heads.text, bias: heads.text.bias + options.textBias };
  heads.level = fitRidge(
    matrix,
    rows.map(({ level }) => (level === undefined ? nothing : { value: level, weight: 1 })),
    options.level,
  );
  return heads;
}

const nothing: Target = { value: 0, weight: 0 };

/** The terms that move some head most, by weight, rarity and how many prompts have them. */
function heaviest(terms: ReadonlyMap<Term, number>, heads: Heads, count: number): Map<Term, number> {
  if (terms.size <= count) return new Map(terms);
  const spreads = headNames.map(
    (name) => Math.sqrt(heads[name].terms.reduce((sum, weight) => sum + weight * weight, 0)) || 1,
  );
  const scored = [...terms].map(([term, rows], place) => {
    const moves = headNames.map((name, i) => Math.abs(heads[name].terms[place] ?? 0) / (spreads[i] ?? 1));
    return { term, rows, place, score: Math.max(...moves) * Math.sqrt(rows) };
  });
  const kept = scored.sort((a, b) => b.score - a.score || a.place - b.place).slice(0, count);
  return new Map(kept.sort((a, b) => a.place - b.place).map(({ term, rows }) => [term, rows]));
}

function quantise(
  terms: ReadonlyMap<Term, number>,
  heads: Heads,
  { means, spreads }: Scale,
  {
    fittedOn,
    rows,
    matrix,
    options,
  }: { fittedOn: PromptWeights['fittedOn']; rows: readonly FitRow[]; matrix: Matrix; options: FitOptions },
): PromptWeights {
  const listed = (form: keyof Vocabulary) =>
    [...terms.keys()].flatMap((term) => (term.startsWith(`${form}|`) ? [term.slice(form.length + 1)] : [])).join('\n');
  const pack = (name: HeadName): HeadWeights => {
    const { terms: weights, dense, bias } = heads[name];
    const step = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-9) / 127;
    const shape = Array.from(dense, (weight, i) => rounded(weight / (spreads[i] ?? 1)));
    return {
      bias: rounded(bias - shape.reduce((sum, weight, i) => sum + weight * (means[i] ?? 0), 0)),
      shape,
      step: Number(step.toPrecision(5)),
      terms: Buffer.from(Int8Array.from(weights, (weight) => Math.round(weight / step)).buffer).toString('base64'),
    };
  };
  const scored = (name: HeadName, isUsed: (row: FitRow) => boolean) =>
    rows.flatMap((row, i) => (isUsed(row) ? [scoreOf(matrix, i, heads[name])] : [])).sort((a, b) => a - b);
  const needs = scored('need', ({ gain }) => gain !== undefined);
  const levels = scored('level', ({ level }) => level !== undefined);
  const quantile = (list: readonly number[], share: number) => rounded(list[Math.floor(share * list.length)] ?? 0);
  return {
    fittedOn,
    terms: { open: listed('open'), choices: listed('choices'), sum: listed('sum') },
    rarity: Buffer.from(raritiesOf(terms, rows.length)).toString('base64'),
    heads: Object.fromEntries(headNames.map((name) => [name, pack(name)])) as Record<HeadName, HeadWeights>,
    // A logistic curve's quartiles are 1.1 from its middle.
    need: { middle: quantile(needs, 0.5), spread: rounded((quantile(needs, 0.75) - quantile(needs, 0.25)) / 2.2) || 1 },
    cuts: [quantile(levels, options.levelShares[0]), quantile(levels, options.levelShares[1])],
  };
}

function scoreOf({ starts, places, weights, dense, denseColumns }: Matrix, row: number, head: Fitted): number {
  let sum = head.bias;
  for (let k = starts[row] ?? 0; k < (starts[row + 1] ?? 0); k += 1)
    sum += (head.terms[places[k] ?? 0] ?? 0) * (weights[k] ?? 0);
  for (let k = 0; k < denseColumns; k += 1) sum += (head.dense[k] ?? 0) * (dense[row * denseColumns + k] ?? 0);
  return sum;
}

const rounded = (value: number): number => Number(value.toPrecision(5));
