/** P(same answer) of two questions, and the rule that forbids serving one for the other whatever the probability. */
import { rememberedSignature, type Signature } from '../signature/signature.ts';
import weights from '../weights/verifier.json' with { type: 'json' };
import { compareSignatures } from './features.ts';
import { type RuleRefusal, refusalOf } from './rules.ts';
import { evaluateTrees, sigmoid } from './trees.ts';

/** What is thought of one candidate. */
export interface Judgement {
  /** Calibrated P(same answer) in usual traffic, 0 to 1: the same for the same pair. */
  readonly confidence: number;
  /** The same in traffic that adds `shift`. */
  readonly inTraffic: number;
  /** What the trees alone say, 0 to 1: the order of near misses, for measurements. */
  readonly score: number;
  readonly refusal?: RuleRefusal | undefined;
}

/**
 * Judges a stored question against the asked one. Never fails; under a millisecond for what is short enough to be embedded.
 * @param shift log-odds that the traffic adds to what trees and cosine say together; what the trees say alone, of near misses, stays
 */
export function judge(asked: string, stored: string, cosine: number, shift = 0): Judgement {
  if (asked === stored) return { confidence: 1, inTraffic: 1, score: 1 };
  const a = rememberedSignature(asked);
  const b = rememberedSignature(stored);
  const comparison = compareSignatures(a, b, cosine);
  const row = weights.features.map((name) => comparison.features[name] ?? 0);
  const logit = evaluateTrees(weights, row);
  const alone = sigmoid(weights.calibration.slope * logit + weights.calibration.intercept);
  const { equal = 0 } = comparison.features;
  const together = trafficLogit(logit, cosine, equal, weights.blends[blendOf(a, b)]);
  return {
    confidence: Math.min(alone, sigmoid(together)),
    inTraffic: Math.min(alone, sigmoid(together + shift)),
    score: alone,
    refusal: refusalOf(comparison),
  };
}

/** Which of the two curves holds for a pair. */
export function blendOf(a: Signature, b: Signature): 'open' | 'service' {
  return a.service && b.service ? 'service' : 'open';
}

/**
 * What the trees, the cosine and the number of equal words say together, as log-odds. Rules and edits teach the trees what a near miss is;
 * that two questions are about other matters is told by the cosine, which can be trusted the more the longer the questions are. Questions
 * to a desk are about few matters: between two of them the cosine counts for less.
 */
export function trafficLogit(
  logit: number,
  cosine: number,
  equalWords: number,
  { intercept, slope, ofCosine, ofWords }: typeof weights.blends.open,
): number {
  const trees = Math.min(3, Math.max(-3, logit));
  return intercept + slope * (trees + ofCosine * (cosine - 0.9) + ofWords * Math.log2(1 + Math.min(7, equalWords)));
}

/**
 * The least confidence to serve at, for a budget of wrong hits over lookups (0.01 is 1 %): by the shipped calibration, between its
 * points on a logarithmic scale, and never looser than its ends.
 */
export function confidenceFor(maxWrongHitRate: number): number {
  const points = weights.thresholds as [number, number][];
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || maxWrongHitRate <= 0) return 1;
  if (maxWrongHitRate < first[0]) return 1 - (1 - first[1]) * (maxWrongHitRate / first[0]);
  for (const [i, [budget, threshold]] of points.entries()) {
    const before = points[i - 1];
    if (maxWrongHitRate > budget) continue;
    if (!before) return threshold;
    const share = Math.log(maxWrongHitRate / before[0]) / Math.log(budget / before[0]);
    return before[1] + share * (threshold - before[1]);
  }
  return last[1];
}
