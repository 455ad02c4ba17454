/**
 * Fits what embeddings add to the prompt model: kernel ridge regression on the nearness to landmarks, which are embedded prompts drawn from
 * the rows and rounded to bytes before the fit, as they ship. No chance in it but the seed of the draw.
 */
import { formOf, type MeaningWeights, type meaningHeads, nearness, readPrompt, taskNames } from '@refrain/judgement';
import { Random } from '../fit/random.ts';
import { solvePositive } from '../fit/solve.ts';
import { dimensions, type Embedding } from '../vector-file.ts';
import type { FitRow } from './fit-rows.ts';
import { needTargets } from './need-targets.ts';
import type { Target } from './ridge.ts';
import { taskTargets } from './task-targets.ts';

/** Knobs of the fit; the defaults are what ships. */
export interface MeaningOptions {
  readonly landmarks: number;
  readonly sharpness: number;
  readonly penalty: number;
  readonly shares: MeaningWeights['shares'];
}

const meaningDefaults: MeaningOptions = {
  landmarks: 200,
  sharpness: 3,
  penalty: 3,
  // For a quiz or a sum the words tell the subject better.
  shares: { task: 0.5, need: { open: 0.6, choices: 0, sum: 0 } },
};
const seed = 1;
const embedder = 'all-MiniLM-L6-v2 int8';

/** The weights for the rows that have a vector. @throws Error where none has */
export function fitMeaning(
  rows: readonly FitRow[],
  vectorOf: (text: string) => Embedding,
  options: MeaningOptions = meaningDefaults,
): MeaningWeights {
  const known = rows.flatMap((row) => {
    const vector = vectorOf(row.text);
    return typeof vector === 'string' ? [] : [{ row, vector }];
  });
  const { bytes, step } = drawLandmarks(known, options.landmarks);
  const form = { step, sharpness: options.sharpness };
  const near = known.map(({ vector }) => nearness(vector, bytes, form));
  const count = bytes.length / dimensions;
  const among = Array.from({ length: count }, (_, i) => nearness(landmark(bytes, i, step), bytes, form));
  const kept = known.map(({ row }) => row);
  const heads = {} as Record<(typeof meaningHeads)[number], MeaningWeights['heads']['need']>;
  const fit = (names: readonly (typeof meaningHeads)[number][], targets: readonly (readonly Target[])[]) => {
    for (const [i, solution] of fitKernel(near, among, targets, options.penalty).entries())
      heads[names[i] ?? 'need'] = {
        bias: rounded(solution[count] ?? 0),
        of: Array.from(solution.subarray(0, count), rounded),
      };
  };
  const openNeeds = needTargets(kept).map((target, i) =>
    formOf(readPrompt(kept[i]?.text ?? '').head) === 'open' ? target : { value: 0, weight: 0 },
  );
  fit(['need'], [openNeeds]);
  fit(
    taskNames,
    taskNames.map((name) => taskTargets(kept, name)),
  );
  const landmarks = Buffer.from(bytes.buffer).toString('base64');
  return { embedder, dimensions, landmarks, step, sharpness: options.sharpness, heads, shares: options.shares };
}

function drawLandmarks(known: readonly { row: FitRow; vector: Float32Array }[], count: number) {
  const drawn = new Random(seed).shuffled(known.filter(({ row }) => row.task)).slice(0, count);
  if (drawn.length === 0) throw new Error('no row has a task and a vector');
  const step =
    Math.max(...drawn.map(({ vector }) => vector.reduce((most, each) => Math.max(most, Math.abs(each)), 0))) / 127;
  const bytes = new Int8Array(drawn.length * dimensions);
  for (const [i, { vector }] of drawn.entries())
    bytes.set(
      Int8Array.from(vector, (each) => Math.round(each / step)),
      i * dimensions,
    );
  return { bytes, step };
}

const landmark = (bytes: Int8Array, i: number, step: number): Float32Array =>
  Float32Array.from(bytes.subarray(i * dimensions, (i + 1) * dimensions), (each) => each * step);

/** For each list of targets, which share their weights, the weight of each landmark and last the bias. */
function fitKernel(
  near: readonly Float64Array[],
  among: readonly Float64Array[],
  targets: readonly (readonly Target[])[],
  penalty: number,
): Float64Array[] {
  const n = among.length + 1;
  const gram = new Float64Array(n * n);
  const sums = targets.map(() => new Float64Array(n));
  for (const [row, values] of near.entries()) {
    const weight = targets[0]?.[row]?.weight ?? 0;
    if (weight === 0) continue;
    const full = new Float64Array(n).fill(1);
    full.set(values);
    for (let i = 0; i < n; i += 1) {
      const scaled = weight * (full[i] as number);
      for (let k = 0; k <= i; k += 1) gram[i * n + k] = (gram[i * n + k] as number) + scaled * (full[k] as number);
      for (const [t, sum] of sums.entries()) sum[i] = (sum[i] as number) + scaled * (targets[t]?.[row]?.value ?? 0);
    }
  }
  for (const [i, row] of among.entries())
    for (let k = 0; k <= i; k += 1) gram[i * n + k] = (gram[i * n + k] as number) + penalty * (row[k] as number);
  for (let i = 0; i < n; i += 1) gram[i * n + i] = (gram[i * n + i] as number) + 1e-3;
  return solvePositive(gram, sums);
}

const rounded = (value: number): number => Number(value.toPrecision(6));
