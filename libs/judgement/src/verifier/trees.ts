/** Boosted trees, evaluated: nothing but comparisons and additions. */

/** A model as it ships. A tree is a flat list of nodes: [feature, threshold, left, right], or [-1, value, 0, 0] for a leaf. */
export interface TreeModel {
  readonly features: readonly string[];
  readonly bias: number;
  readonly trees: readonly (readonly number[])[];
}

/** All nodes of a model in a row, so that going down a tree reads memory and makes nothing. */
interface Compiled {
  /** Where each tree begins. */
  readonly roots: Int32Array;
  /** The feature a node asks for; -1 for a leaf. */
  readonly features: Int32Array;
  /** A node's threshold, a leaf's value. */
  readonly values: Float64Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
}

const compiled = new WeakMap<TreeModel, Compiled>();

function compile({ trees }: TreeModel): Compiled {
  const nodes = trees.reduce((sum, { length }) => sum + length / 4, 0);
  const roots = new Int32Array(trees.length);
  const features = new Int32Array(nodes);
  const values = new Float64Array(nodes);
  const [left, right] = [new Int32Array(nodes), new Int32Array(nodes)];
  let root = 0;
  for (const [number, tree] of trees.entries()) {
    roots[number] = root;
    for (let at = 0; at < tree.length; at += 4) {
      const node = root + at / 4;
      features[node] = tree[at] ?? -1;
      values[node] = tree[at + 1] ?? 0;
      left[node] = root + (tree[at + 2] ?? 0) / 4;
      right[node] = root + (tree[at + 3] ?? 0) / 4;
    }
    root += tree.length / 4;
  }
  return { roots, features, values, left, right };
}

/** The log-odds of a row, whose values stand in the order of `model.features`. A model must not change once it was asked. */
export function evaluateTrees(model: TreeModel, row: ArrayLike<number>): number {
  let ready = compiled.get(model);
  if (!ready) {
    ready = compile(model);
    compiled.set(model, ready);
  }
  const { roots, features, values, left, right } = ready;
  let sum = model.bias;
  for (let number = 0; number < roots.length; number += 1) {
    let at = roots[number] ?? 0;
    for (let feature = features[at] ?? -1; feature >= 0; feature = features[at] ?? -1) {
      at = ((row[feature] ?? 0) <= (values[at] ?? 0) ? left[at] : right[at]) ?? 0;
    }
    sum += values[at] ?? 0;
  }
  return sum;
}

/** Log-odds to probability. */
export function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}
