/** Boosted trees, evaluated: nothing but comparisons and additions. */

/** A model as it ships. A tree is a flat list of nodes: [feature, threshold, left, right], or [-1, value, 0, 0] for a leaf. */
export interface TreeModel {
  readonly features: readonly string[];
  readonly bias: number;
  readonly trees: readonly (readonly number[])[];
}

/** The log-odds of a row, whose values stand in the order of `model.features`. */
export function evaluateTrees(model: TreeModel, row: ArrayLike<number>): number {
  let sum = model.bias;
  for (const tree of model.trees) {
    let at = 0;
    while ((tree[at] ?? -1) >= 0) {
      const isLeft = (row[tree[at] ?? 0] ?? 0) <= (tree[at + 1] ?? 0);
      at = (isLeft ? tree[at + 2] : tree[at + 3]) ?? 0;
    }
    sum += tree[at + 1] ?? 0;
  }
  return sum;
}

/** Log-odds to probability. */
export function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}
