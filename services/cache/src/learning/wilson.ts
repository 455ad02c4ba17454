/** The 95 % interval (Wilson's score) of a share, `count` of `of`; from 0 to 1 where nothing was counted. */
export function wilson(count: number, of: number): { readonly low: number; readonly high: number } {
  if (of <= 0) return { low: 0, high: 1 };
  const z2 = 1.96 ** 2;
  const share = Math.min(1, count / of);
  const middle = share + z2 / (2 * of);
  const reach = 1.96 * Math.sqrt((share * (1 - share)) / of + z2 / (4 * of * of));
  return { low: Math.max(0, (middle - reach) / (1 + z2 / of)), high: Math.min(1, (middle + reach) / (1 + z2 / of)) };
}
