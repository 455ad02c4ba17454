/** The 95 % interval of a share, by Wilson; [0, 1] where nothing was counted. */
export function wilson(count: number, n: number): { low: number; high: number } {
  if (n === 0) return { low: 0, high: 1 };
  const z = 1.959964;
  const p = count / n;
  const middle = p + (z * z) / (2 * n);
  const half = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  const width = 1 + (z * z) / n;
  return { low: Math.max(0, (middle - half) / width), high: Math.min(1, (middle + half) / width) };
}
