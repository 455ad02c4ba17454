/** From scores to probabilities and thresholds: a logistic curve, the cut that keeps a promise, and how well a score orders. */
import { sigmoid } from '@refrain/judgement';

/** A scored pair that counts `weight`. */
export interface Point {
  readonly label: number;
  readonly weight: number;
  readonly x: number;
}

/** The logistic curve of one variable, by Newton's method. */
export function logistic(points: readonly Point[]): {
  slope: number;
  intercept: number;
} {
  let slope = 0.1;
  let intercept = 0;
  for (let step = 0; step < 60; step += 1) {
    let [g0, g1, h00, h01, h11] = [0, 0, 1e-3, 0, 1e-3];
    for (const { label, weight, x } of points) {
      const p = sigmoid(slope * x + intercept);
      const w = weight * p * (1 - p);
      g0 += weight * (label - p);
      g1 += weight * (label - p) * x;
      h00 += w;
      h01 += w * x;
      h11 += w * x * x;
    }
    const determinant = h00 * h11 - h01 * h01;
    intercept += (h11 * g0 - h01 * g1) / determinant;
    slope += (h00 * g1 - h01 * g0) / determinant;
  }
  return { slope, intercept };
}

/** The score above which at most `share` of the wrong points lies, by weight; never below 0.5 where there are too few. */
export function cutFor(points: readonly Point[], share: number): number {
  const wrong = points.filter(({ label }) => label === 0).sort((p, q) => q.x - p.x);
  const all = wrong.reduce((sum, { weight }) => sum + weight, 0);
  let served = 0;
  for (const { x, weight } of wrong) {
    served += weight;
    if (served > all * share) return x;
  }
  return 0.5;
}

/** Chance that a right one scores above a wrong one. */
export function area(scored: readonly (readonly [number, number])[]): number {
  const sorted = [...scored].sort((x, y) => x[0] - y[0]);
  let ranks = 0;
  let positive = 0;
  for (const [place, [, label]] of sorted.entries()) {
    if (label !== 1) continue;
    positive += 1;
    ranks += place + 1;
  }
  const negative = sorted.length - positive;
  return (ranks - (positive * (positive + 1)) / 2) / Math.max(1, positive * negative);
}
