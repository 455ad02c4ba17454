/**
 * Gradient-boosted trees for a yes-or-no question, by histograms: values are put into at most 64 bins once, a node's best split is read
 * off the sums of gradients by bin, and trees grow leaf by leaf where most is gained. Weighted rows, a share of rows and columns for
 * each tree, deterministic by seed.
 */
import { Random } from './random.ts';

/** How to fit. */
export interface BoostOptions {
  readonly trees: number;
  readonly leaves: number;
  readonly rate: number;
  /** Least sum of row weights in a leaf. */
  readonly leastWeight: number;
  readonly ridge: number;
  readonly rowShare: number;
  readonly columnShare: number;
  readonly seed: number;
  /** For each feature 1 where the answer may only grow with it, -1 where it may only fall, else 0. */
  readonly monotone?: readonly number[];
}

/** Trees in the form `evaluateTrees` reads, and what each feature gained. */
export interface Boosted {
  readonly bias: number;
  readonly trees: number[][];
  readonly gains: number[];
}

const maximumBins = 64;

interface Leaf {
  readonly rows: Int32Array;
  readonly gradient: number;
  readonly hessian: number;
  /** Bounds that monotone ancestors put on its value. */
  readonly low: number;
  readonly high: number;
  readonly node: number;
  split?: Split | undefined;
}

interface Split {
  readonly gain: number;
  readonly feature: number;
  readonly bin: number;
}

/** Fits P(label = 1 | row). @throws Error where there are no rows */
export function boost(
  rows: readonly Float64Array[],
  labels: ArrayLike<number>,
  weights: ArrayLike<number>,
  options: BoostOptions,
): Boosted {
  const width = rows[0]?.length;
  if (width === undefined) throw new Error('nothing to fit');
  const random = new Random(options.seed);
  const edges = Array.from({ length: width }, (_, feature) => edgesOf(rows, feature));
  const bins = edges.map((own, feature) => Uint8Array.from(rows, (row) => binOf(row[feature] ?? 0, own)));
  let positive = 0;
  let total = 0;
  for (let i = 0; i < rows.length; i += 1) {
    total += weights[i] ?? 0;
    positive += (weights[i] ?? 0) * (labels[i] ?? 0);
  }
  const bias = Math.log(positive / (total - positive));
  const scores = new Float64Array(rows.length).fill(bias);
  const gradients = new Float64Array(rows.length);
  const hessians = new Float64Array(rows.length);
  const gains = new Array<number>(width).fill(0);
  const trees: number[][] = [];
  for (let t = 0; t < options.trees; t += 1) {
    for (let i = 0; i < rows.length; i += 1) {
      const p = 1 / (1 + Math.exp(-(scores[i] ?? 0)));
      const weight = weights[i] ?? 0;
      gradients[i] = weight * ((labels[i] ?? 0) - p);
      hessians[i] = weight * Math.max(1e-6, p * (1 - p));
    }
    const chosen = Int32Array.from(rows.keys()).filter(() => random.next() < options.rowShare);
    const columns = edges.flatMap((own, feature) =>
      own.length > 0 && random.next() < options.columnShare ? [feature] : [],
    );
    const tree = grow(chosen, columns, { bins, edges, gradients, hessians, weights, gains, options });
    trees.push(tree);
    for (const [i, row] of rows.entries()) scores[i] = (scores[i] ?? 0) + leafOf(tree, row);
  }
  return { bias, trees, gains };
}

interface Ground {
  readonly bins: readonly Uint8Array[];
  readonly edges: readonly Float64Array[];
  readonly gradients: Float64Array;
  readonly hessians: Float64Array;
  readonly weights: ArrayLike<number>;
  readonly gains: number[];
  readonly options: BoostOptions;
}

function grow(rows: Int32Array, columns: readonly number[], ground: Ground): number[] {
  const { options, edges, bins, gains } = ground;
  const tree: number[] = [];
  const addLeaf = (own: Int32Array, low: number, high: number): Leaf => {
    let gradient = 0;
    let hessian = 0;
    for (const i of own) {
      gradient += ground.gradients[i] ?? 0;
      hessian += ground.hessians[i] ?? 0;
    }
    const node = tree.length;
    const value = Math.min(high, Math.max(low, gradient / (hessian + options.ridge)));
    tree.push(-1, round(value * options.rate), 0, 0);
    const leaf: Leaf = { rows: own, gradient, hessian, low, high, node };
    leaf.split = bestSplit(leaf, columns, ground);
    return leaf;
  };
  const leaves = [addLeaf(rows, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)];
  while (leaves.length < options.leaves) {
    let best = -1;
    for (const [i, { split }] of leaves.entries()) {
      if (split && split.gain > (leaves[best]?.split?.gain ?? 1e-6)) best = i;
    }
    const leaf = leaves[best];
    if (!leaf?.split) break;
    const { feature, bin, gain } = leaf.split;
    gains[feature] = (gains[feature] ?? 0) + gain;
    const own = bins[feature];
    const left = leaf.rows.filter((i) => (own?.[i] ?? 0) <= bin);
    const right = leaf.rows.filter((i) => (own?.[i] ?? 0) > bin);
    const middle = (valueIn(left, ground) + valueIn(right, ground)) / 2;
    const direction = options.monotone?.[feature] ?? 0;
    const bounds = (isLeft: boolean): [number, number] => {
      if (direction === 0) return [leaf.low, leaf.high];
      return isLeft === direction > 0
        ? [leaf.low, Math.min(leaf.high, middle)]
        : [Math.max(leaf.low, middle), leaf.high];
    };
    const a = addLeaf(left, ...bounds(true));
    const b = addLeaf(right, ...bounds(false));
    tree.splice(leaf.node, 4, feature, edges[feature]?.[bin] ?? 0, a.node, b.node);
    leaves.splice(best, 1, a, b);
  }
  return tree;
}

function valueIn(rows: Int32Array, { gradients, hessians, options }: Ground): number {
  let gradient = 0;
  let hessian = 0;
  for (const i of rows) {
    gradient += gradients[i] ?? 0;
    hessian += hessians[i] ?? 0;
  }
  return gradient / (hessian + options.ridge);
}

function bestSplit(leaf: Leaf, columns: readonly number[], ground: Ground): Split | undefined {
  const { options, edges, bins, gradients, hessians, weights } = ground;
  const parent = leaf.gradient ** 2 / (leaf.hessian + options.ridge);
  let best: Split | undefined;
  const g = new Float64Array(maximumBins);
  const h = new Float64Array(maximumBins);
  const w = new Float64Array(maximumBins);
  for (const feature of columns) {
    const count = edges[feature]?.length ?? 0;
    const own = bins[feature];
    if (!own) continue;
    g.fill(0);
    h.fill(0);
    w.fill(0);
    let all = 0;
    for (const i of leaf.rows) {
      const bin = own[i] ?? 0;
      g[bin] = (g[bin] ?? 0) + (gradients[i] ?? 0);
      h[bin] = (h[bin] ?? 0) + (hessians[i] ?? 0);
      w[bin] = (w[bin] ?? 0) + (weights[i] ?? 0);
      all += weights[i] ?? 0;
    }
    let [gradient, hessian, weight] = [0, 0, 0];
    const direction = options.monotone?.[feature] ?? 0;
    for (let bin = 0; bin < count; bin += 1) {
      gradient += g[bin] ?? 0;
      hessian += h[bin] ?? 0;
      weight += w[bin] ?? 0;
      if (weight < options.leastWeight || all - weight < options.leastWeight) continue;
      const other = leaf.gradient - gradient;
      const otherHessian = leaf.hessian - hessian;
      const value = gradient / (hessian + options.ridge);
      const otherValue = other / (otherHessian + options.ridge);
      if (direction !== 0 && (otherValue - value) * direction < 0) continue;
      const gain = gradient * value + other * otherValue - parent;
      if (gain > (best?.gain ?? 1e-6)) best = { gain, feature, bin };
    }
  }
  return best;
}

/** Upper edges of all bins but the last: midpoints between values, at quantiles where there are many. */
function edgesOf(rows: readonly Float64Array[], feature: number): Float64Array {
  const values = Float64Array.from(rows, (row) => row[feature] ?? 0).sort();
  const distinct = [...new Set(values)];
  const cuts = new Set<number>();
  const middle = (place: number) => ((distinct[place] ?? 0) + (distinct[place + 1] ?? 0)) / 2;
  if (distinct.length <= maximumBins) {
    for (let i = 0; i + 1 < distinct.length; i += 1) cuts.add(round(middle(i)));
  } else {
    for (let bin = 1; bin < maximumBins; bin += 1) {
      cuts.add(round(values[Math.floor((bin * values.length) / maximumBins)] ?? 0));
    }
    cuts.delete(values.at(-1) ?? 0);
  }
  return Float64Array.from(cuts).sort();
}

function binOf(value: number, edges: Float64Array): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value <= (edges[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function leafOf(tree: readonly number[], row: Float64Array): number {
  let at = 0;
  while ((tree[at] ?? -1) >= 0)
    at = ((row[tree[at] ?? 0] ?? 0) <= (tree[at + 1] ?? 0) ? tree[at + 2] : tree[at + 3]) ?? 0;
  return tree[at + 1] ?? 0;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
