import type { Result } from '../bench/report.ts';

/** Prints results for people: a line for each figure, with its interval and what it counts. */
export function printQuality(results: readonly Result[]): void {
  const width = Math.max(...results.map((result) => result.case.length));
  const metricWidth = Math.max(...results.map(({ metric }) => metric.length));
  let before = '';
  for (const { case: name, metric, value, low, high, n, unit } of results) {
    const interval = low === undefined || high === undefined ? '' : `  ${low.toFixed(3)} to ${high.toFixed(3)}`;
    const figure = unit === 'share' ? value.toFixed(3) : String(value);
    const shown = name === before ? '' : name;
    process.stdout.write(
      `${shown.padEnd(width)}  ${metric.padEnd(metricWidth)}  ${figure.padStart(6)}${interval}  n ${n ?? ''}\n`,
    );
    before = name;
  }
}
