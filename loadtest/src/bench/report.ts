/** The form every measurement is printed in: one JSON object for programs, a table for people. */
import { availableParallelism } from 'node:os';

/** One figure of one case. */
export interface Result {
  readonly case: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  readonly n?: number;
  /** Bounds of the 95 % interval, or the least and greatest round of a benchmark. */
  readonly low?: number;
  readonly high?: number;
}

/** Prints results on standard output, as JSON or as a table with a row for each case. */
export function printReport(command: string, results: readonly Result[], json: boolean): void {
  if (json) {
    const machine = { cores: availableParallelism(), node: process.version };
    process.stdout.write(`${JSON.stringify({ command, machine, results })}\n`);
    return;
  }
  const metrics = [...new Set(results.map((result) => result.metric))];
  const cases = [...new Set(results.map((result) => result.case))];
  const rows = cases.map((name) => [
    name,
    ...metrics.map((metric) => format(results.find((result) => result.case === name && result.metric === metric))),
  ]);
  const table = [['case', ...metrics], ...rows];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of table) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    process.stdout.write(`${cells.join('  ')}\n`);
  }
}

function format(result: Result | undefined): string {
  if (!result) return '';
  const digits = result.value >= 100 ? 0 : 2;
  return `${result.value.toFixed(digits)}${result.unit === 'ms' ? ' ms' : ''}`;
}
