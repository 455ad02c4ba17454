/**
 * What a prompt's embedding adds to its words: how near it is to some hundred landmarks (embedded prompts of the sets that may ship), weighed
 * for each head. It knows what wording hides, that a table of data to be sorted is writing and a riddle in plain words reasoning, and is
 * there only where the cache embedded the prompt. Fitted by `loadtest/src/quality/routing/fit-prompts.ts`; some 0.1 ms.
 */
import type { Form } from './shape.ts';

/** The heads it speaks to, in the order of the prompt model's: the level is told by words alone. */
export const meaningHeads = ['need', 'code', 'reasoning', 'text', 'ui'] as const;

/** Weights as they ship. */
export interface MeaningWeights {
  /** Whose vectors are meant; those of another embedder say nothing. */
  readonly embedder: string;
  readonly dimensions: number;
  /** Base64 of a signed byte for each number of each landmark. */
  readonly landmarks: string;
  /** What a step of these is worth. */
  readonly step: number;
  /** How fast nearness falls: it is e to the power of this times (cosine - 1). */
  readonly sharpness: number;
  readonly heads: Readonly<
    Record<(typeof meaningHeads)[number], { readonly bias: number; readonly of: readonly number[] }>
  >;
  /** How much of the tasks' scores, and by form of the need's, is by meaning; the rest is by words. */
  readonly shares: { readonly task: number; readonly need: Readonly<Record<Form, number>> };
}

/** Scores of `meaningHeads` for a unit vector; undefined for a vector of another length. */
export type Meaning = (vector: Float32Array) => number[] | undefined;

/** Reads the weights. */
export function createMeaning({ dimensions, heads, landmarks, sharpness, step }: MeaningWeights): Meaning {
  const bytes = Int8Array.from(Buffer.from(landmarks, 'base64'));
  const weights = meaningHeads.map((name) => heads[name]);
  return (vector) => {
    if (vector.length !== dimensions) return undefined;
    const near = nearness(vector, bytes, { step, sharpness });
    return weights.map(({ bias, of }) => of.reduce((sum, weight, i) => sum + weight * (near[i] ?? 0), bias));
  };
}

/** How near a vector is to each landmark, 0 to 1. */
export function nearness(
  vector: Float32Array,
  landmarks: Int8Array,
  { step, sharpness }: Pick<MeaningWeights, 'step' | 'sharpness'>,
): Float64Array {
  const near = new Float64Array(landmarks.length / vector.length);
  for (let i = 0, from = 0; i < near.length; i += 1, from += vector.length) {
    let sum = 0;
    for (let k = 0; k < vector.length; k += 1) sum += (vector[k] as number) * (landmarks[from + k] as number);
    near[i] = Math.exp(sharpness * (sum * step - 1));
  }
  return near;
}

/** The words' scores with the meaning's mixed in. */
export function mixed(
  words: readonly number[],
  meaning: readonly number[],
  form: Form,
  { need, task }: MeaningWeights['shares'],
): number[] {
  return words.map((score, i) => {
    const other = meaning[i];
    return other === undefined ? score : score + (i === 0 ? need[form] : task) * (other - score);
  });
}
