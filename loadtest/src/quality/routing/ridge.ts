/**
 * Ridge regression of many heads on sparse terms and dense numbers, by conjugate gradients: no chance in it, so the same rows give the same
 * weights. Steps are scaled by each column's own weight: without, the dense numbers, which every row has, keep the terms from settling, and
 * the weights are those of where it happened to stop.
 */

/** Rows by columns: the terms of row `i` are at `starts[i]` up to `starts[i + 1]`. */
export interface Matrix {
  readonly starts: Int32Array;
  readonly places: Int32Array;
  readonly weights: Float64Array;
  /** `denseColumns` numbers for each row, standardised. */
  readonly dense: Float64Array;
  readonly denseColumns: number;
  readonly columns: number;
}

/** What a row should give, and how much it counts; 0 leaves it out. */
export interface Target {
  readonly value: number;
  readonly weight: number;
}

/** Weights of terms and of dense numbers, and the bias. */
export interface Fitted {
  readonly terms: Float64Array;
  readonly dense: Float64Array;
  readonly bias: number;
}

/** How much weights are held down: those of terms, and those of dense numbers. */
export interface Penalties {
  readonly terms: number;
  readonly dense: number;
}

const rounds = 40;

/** Fits one head. */
export function fitRidge(matrix: Matrix, targets: readonly Target[], penalties: Penalties): Fitted {
  const { columns, denseColumns } = matrix;
  const used = targets.flatMap(({ weight }, row) => (weight > 0 ? [row] : []));
  const n = columns + denseColumns + 1;
  const penaltyOf = (i: number) => (i < columns ? penalties.terms : i < n - 1 ? penalties.dense : 0);
  const apply = (z: Float64Array): Float64Array => {
    const out = scatter(matrix, used, targets, (row) => dot(matrix, row, z), n);
    return out.map((value, i) => value + penaltyOf(i) * at(z, i));
  };
  const solution = new Float64Array(n);
  const residual = scatter(matrix, used, targets, (row) => targets[row]?.value ?? 0, n);
  const scale = squares(matrix, used, targets, n).map((square, i) => square + penaltyOf(i));
  const scaled = () => residual.map((value, i) => value / (at(scale, i) || 1));
  let direction = scaled();
  let norm = product(residual, direction);
  for (let round = 0; round < rounds && norm > 1e-9; round += 1) {
    const applied = apply(direction);
    const step = norm / product(direction, applied);
    for (let i = 0; i < n; i += 1) {
      solution[i] = at(solution, i) + step * at(direction, i);
      residual[i] = at(residual, i) - step * at(applied, i);
    }
    const better = scaled();
    const next = product(residual, better);
    direction = better.map((value, i) => value + (next / norm) * at(direction, i));
    norm = next;
  }
  return { terms: solution.slice(0, columns), dense: solution.slice(columns, n - 1), bias: at(solution, n - 1) };
}

/** The sum over rows of what a row is given times its columns. */
function scatter(
  { starts, places, weights, dense, denseColumns, columns }: Matrix,
  rows: readonly number[],
  targets: readonly Target[],
  given: (row: number) => number,
  n: number,
): Float64Array {
  const out = new Float64Array(n);
  for (const row of rows) {
    const value = given(row) * (targets[row]?.weight ?? 0);
    for (let k = at(starts, row); k < at(starts, row + 1); k += 1)
      out[at(places, k)] = at(out, at(places, k)) + value * at(weights, k);
    for (let k = 0; k < denseColumns; k += 1)
      out[columns + k] = at(out, columns + k) + value * at(dense, row * denseColumns + k);
    out[n - 1] = at(out, n - 1) + value;
  }
  return out;
}

/** The weighted sum of each column's squares. */
function squares(
  { starts, places, weights, dense, denseColumns, columns }: Matrix,
  rows: readonly number[],
  targets: readonly Target[],
  n: number,
): Float64Array {
  const out = new Float64Array(n);
  for (const row of rows) {
    const weight = targets[row]?.weight ?? 0;
    for (let k = at(starts, row); k < at(starts, row + 1); k += 1)
      out[at(places, k)] = at(out, at(places, k)) + weight * at(weights, k) ** 2;
    for (let k = 0; k < denseColumns; k += 1)
      out[columns + k] = at(out, columns + k) + weight * at(dense, row * denseColumns + k) ** 2;
    out[n - 1] = at(out, n - 1) + weight;
  }
  return out;
}

function dot({ starts, places, weights, dense, denseColumns, columns }: Matrix, row: number, z: Float64Array): number {
  let sum = at(z, z.length - 1);
  for (let k = at(starts, row); k < at(starts, row + 1); k += 1) sum += at(z, at(places, k)) * at(weights, k);
  for (let k = 0; k < denseColumns; k += 1) sum += at(z, columns + k) * at(dense, row * denseColumns + k);
  return sum;
}

function product(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < one.length; i += 1) sum += at(one, i) * at(other, i);
  return sum;
}

const at = (list: Float64Array | Int32Array, place: number): number => list[place] ?? 0;
