import {
  formOf,
  type HeadName,
  type HeadWeights,
  headNames,
  needScore,
  type PromptText,
  type PromptWeights,
  type Vocabulary,
} from '@refrain/judgement';
import type { FitOptions } from './fit-options.ts';
import type { FitRow } from './fit-rows.ts';
import { raritiesOf, type Term } from './fit-terms.ts';
import type { Heads } from './heads.ts';
import type { Fitted, Matrix } from './ridge.ts';

/** Means and spreads of the dense numbers. */
export interface Scale {
  readonly means: Float64Array;
  readonly spreads: Float64Array;
}

/** What was fitted, and on what. */
interface FittedFrom {
  readonly fittedOn: PromptWeights['fittedOn'];
  readonly rows: readonly FitRow[];
  readonly read: readonly PromptText[];
  readonly matrix: Matrix;
  readonly options: FitOptions;
}

/** The weights as they ship: a byte for each term and head, spreads folded in, cuts by the shares asked for. */
export function quantise(
  terms: ReadonlyMap<Term, number>,
  heads: Heads,
  { means, spreads }: Scale,
  { fittedOn, rows, read, matrix, options }: FittedFrom,
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
  const sorted = (scores: number[]) => scores.sort((a, b) => a - b);
  const needs = sorted(
    read.map(({ head }, i) => {
      const scores = headNames.map((name) => scoreOf(matrix, i, heads[name]));
      return needScore(scores, formOf(head), options.needOf);
    }),
  );
  const levels = sorted(rows.flatMap(({ level }, i) => (level === undefined ? [] : [scoreOf(matrix, i, heads.level)])));
  const quantile = (list: readonly number[], share: number) =>
    rounded(list[Math.min(list.length - 1, Math.floor(share * list.length))] ?? 0);
  return {
    fittedOn,
    terms: { open: listed('open'), choices: listed('choices'), sum: listed('sum') },
    rarity: Buffer.from(raritiesOf(terms, rows.length)).toString('base64'),
    heads: Object.fromEntries(headNames.map((name) => [name, pack(name)])) as Record<HeadName, HeadWeights>,
    needOf: options.needOf,
    needRanks: Array.from({ length: 21 }, (_, i) => quantile(needs, i / 20)),
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
