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
  /** For each column and bin the sums of gradients, hessians and weights. */
  readonly histogram: Float64Array;
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
  const bins = new Uint8Array(rows.length * width);
  for (const [i, row] of rows.entries()) {
    for (const [feature, own] of edges.entries()) bins[i * width + feature] = binOf(row[feature] ?? 0, own);
  }
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
    const tree = grow(chosen, columns, { bins, width, edges, gradients, hessians, weights, gains, options });
    trees.push(tree);
    for (const [i, row] of rows.entries()) scores[i] = (scores[i] ?? 0) + leafOf(tree, row);
  }
  return { bias, trees, gains };
}

interface Ground {
  /** Row by row. */
  readonly bins: Uint8Array;
  readonly width: number;
  readonly edges: readonly Float64Array[];
  readonly gradients: Float64Array;
  readonly hessians: Float64Array;
  readonly weights: ArrayLike<number>;
  readonly gains: number[];
  readonly options: BoostOptions;
}

function grow(rows: Int32Array, columns: readonly number[], ground: Ground): number[] {
  const { options, edges, bins, width, gains } = ground;
  const tree: number[] = [];
  const addLeaf = (own: Int32Array, histogram: Float64Array, low: number, high: number): Leaf => {
    let gradient = 0;
    let hessian = 0;
    for (const i of own) {
      gradient += ground.gradients[i] ?? 0;
      hessian += ground.hessians[i] ?? 0;
    }
    const node = tree.length;
    const value = Math.min(high, Math.max(low, gradient / (hessian + options.ridge)));
    tree.push(-1, round(value * options.rate), 0, 0);
    const leaf: Leaf = { rows: own, histogram, gradient, hessian, low, high, node };
    leaf.split = bestSplit(leaf, columns, ground);
    return leaf;
  };
  const leaves = [
    addLeaf(rows, histogramOf(rows, columns, ground), Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
  ];
  while (leaves.length < options.leaves) {
    let best = -1;
    for (const [i, { split }] of leaves.entries()) {
      if (split && split.gain > (leaves[best]?.split?.gain ?? 1e-6)) best = i;
    }
    const leaf = leaves[best];
    if (!leaf?.split) break;
    const { feature, bin, gain } = leaf.split;
    gains[feature] = (gains[feature] ?? 0) + gain;
    const left = leaf.rows.filter((i) => (bins[i * width + feature] ?? 0) <= bin);
    const right = leaf.rows.filter((i) => (bins[i * width + feature] ?? 0) > bin);
    const middle = (valueIn(left, ground) + valueIn(right, ground)) / 2;
    const direction = options.monotone?.[feature] ?? 0;
    const bounds = (isLeft: boolean): [number, number] => {
      if (direction === 0) return [leaf.low, leaf.high];
      return isLeft === direction > 0
        ? [leaf.low, Math.min(leaf.high, middle)]
        : [Math.max(leaf.low, middle), leaf.high];
    };
    // What is not in one half is in the other: only the smaller is counted.
    const counted = histogramOf(left.length < right.length ? left : right, columns, ground);
    const rest = leaf.histogram.map((sum, place) => sum - (counted[place] ?? 0));
    const [ofLeft, ofRight] = left.length < right.length ? [counted, rest] : [rest, counted];
    const a = addLeaf(left, ofLeft, ...bounds(true));
    const b = addLeaf(right, ofRight, ...bounds(false));
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

function histogramOf(rows: Int32Array, columns: readonly number[], ground: Ground): Float64Array {
  const { bins, width, gradients, hessians, weights } = ground;
  const histogram = new Float64Array(columns.length * maximumBins * 3);
  for (const i of rows) {
    const gradient = gradients[i] as number;
    const hessian = hessians[i] as number;
    const weight = weights[i] as number;
    for (let c = 0; c < columns.length; c += 1) {
      const at = (c * maximumBins + (bins[i * width + (columns[c] as number)] as number)) * 3;
      histogram[at] = (histogram[at] as number) + gradient;
      histogram[at + 1] = (histogram[at + 1] as number) + hessian;
      histogram[at + 2] = (histogram[at + 2] as number) + weight;
    }
  }
  return histogram;
}

function bestSplit(leaf: Leaf, columns: readonly number[], ground: Ground): Split | undefined {
  const { options, edges, weights } = ground;
  const { histogram } = leaf;
  const parent = leaf.gradient ** 2 / (leaf.hessian + options.ridge);
  const all = leaf.rows.reduce((sum, i) => sum + (weights[i] ?? 0), 0);
  let best: Split | undefined;
  for (const [c, feature] of columns.entries()) {
    const count = edges[feature]?.length ?? 0;
    let [gradient, hessian, weight] = [0, 0, 0];
    const direction = options.monotone?.[feature] ?? 0;
    for (let bin = 0; bin < count; bin += 1) {
      const at = (c * maximumBins + bin) * 3;
      gradient += histogram[at] ?? 0;
      hessian += histogram[at + 1] ?? 0;
      weight += histogram[at + 2] ?? 0;
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
