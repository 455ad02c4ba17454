/** Rows of the table, of one call after the other: a row for each letter would be most of what a comparison allocates. */
let rows: [Uint16Array, Uint16Array, Uint16Array] = makeRows(64);

function makeRows(width: number): [Uint16Array, Uint16Array, Uint16Array] {
  return [new Uint16Array(width), new Uint16Array(width), new Uint16Array(width)];
}

/** Edits between two short words: insert, drop, replace, or exchange two neighbours. Stops counting at `limit`. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  const width = b.length + 1;
  if (width > rows[0].length) rows = makeRows(width);
  let [before, last, row] = rows;
  for (let j = 0; j < width; j += 1) last[j] = j;
  let previous = -1;
  for (let i = 1; i <= a.length; i += 1) {
    const letter = a.charCodeAt(i - 1);
    row[0] = i;
    let least = i;
    let left = i;
    let other = -1;
    for (let j = 1; j < width; j += 1) {
      const opposite = b.charCodeAt(j - 1);
      const same = letter === opposite;
      let best = Math.min((last[j] ?? 0) + 1, left + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (j > 1 && letter === other && previous === opposite) best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row[j] = best;
      left = best;
      other = opposite;
      if (best < least) least = best;
    }
    if (least >= limit) return limit;
    previous = letter;
    [before, last, row] = [last, row, before];
  }
  return Math.min(limit, last[b.length] ?? limit);
}
