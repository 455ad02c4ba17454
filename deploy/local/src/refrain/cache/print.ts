/** Tables for people, plain objects for programs. */

/** Rows in columns, the first to the left and the others to the right. */
export function toTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  const lines = rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** A message as JSON: its fields by name, counts as numbers. */
export function toJsonLine(message: object): string {
  const plain = (key: string, value: unknown) => {
    if (key === '$typeName') return undefined;
    return typeof value === 'bigint' ? Number(value) : value;
  };
  return `${JSON.stringify(message, plain, 2)}\n`;
}

/** 1,234 */
export function grouped(count: number | bigint): string {
  return count.toLocaleString('en-US');
}

/** "12.3 %", or nothing where there is no whole. */
export function share(part: number | bigint, whole: number | bigint): string {
  return Number(whole) === 0 ? '' : percent(Number(part) / Number(whole));
}

/** A share from 0 to 1. */
export function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}
