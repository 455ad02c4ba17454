/** Solves A x = b for each `b`, where A is symmetric and positive definite, by Cholesky; the lower half of `matrix` is read and spent. */
export function solvePositive(matrix: Float64Array, sides: readonly Float64Array[]): Float64Array[] {
  const n = sides[0]?.length ?? 0;
  const at = (i: number, k: number) => matrix[i * n + k] as number;
  for (let i = 0; i < n; i += 1)
    for (let k = 0; k <= i; k += 1) {
      let sum = at(i, k);
      for (let j = 0; j < k; j += 1) sum -= at(i, j) * at(k, j);
      matrix[i * n + k] = i === k ? Math.sqrt(sum) : sum / at(k, k);
    }
  return sides.map((side) => {
    const x = side.slice();
    for (let i = 0; i < n; i += 1) {
      for (let k = 0; k < i; k += 1) x[i] = (x[i] as number) - at(i, k) * (x[k] as number);
      x[i] = (x[i] as number) / at(i, i);
    }
    for (let i = n - 1; i >= 0; i -= 1) {
      for (let k = i + 1; k < n; k += 1) x[i] = (x[i] as number) - at(k, i) * (x[k] as number);
      x[i] = (x[i] as number) / at(i, i);
    }
    return x;
  });
}
