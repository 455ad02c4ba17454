import { Random } from './random.ts';

/** A fold for each pair, so that pairs which share a text (case and marks apart), or are joined by others that do, are together. */
export function foldsOf(
  pairs: readonly { readonly a: string; readonly b: string }[],
  folds: number,
  seed: number,
): number[] {
  const parent = new Map<string, string>();
  const find = (key: string): string => {
    let root = key;
    while (parent.get(root) !== undefined && parent.get(root) !== root) root = parent.get(root) ?? root;
    parent.set(key, root);
    return root;
  };
  const key = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim();
  for (const { a, b } of pairs) {
    const x = find(key(a));
    const y = find(key(b));
    if (x !== y) parent.set(x, y);
  }
  const random = new Random(seed);
  const chosen = new Map<string, number>();
  return pairs.map(({ a }) => {
    const root = find(key(a));
    const known = chosen.get(root) ?? random.below(folds);
    chosen.set(root, known);
    return known;
  });
}
