/** The tables and the picture that docs/quality.md shows, written by the command so that they cannot differ from what was measured. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '../bench/report.ts';
import type { Measured } from './cache.ts';
import { drawCurves } from './draw-curves.ts';

/** Writes `quality-tables.md` and `quality-curve.svg` into a folder. */
export function writeReport(folder: string, measured: Measured): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'quality-tables.md'), toTables(measured));
  writeFileSync(join(folder, 'quality-curve.svg'), drawCurves(measured.curve));
}

const columns: readonly (readonly [start: string, metrics: readonly string[]])[] = [
  [
    'pairs_',
    [
      'served_right',
      'served_wrong',
      'precision',
      'right_at_wrong_0',
      'right_at_wrong_5pct',
      'right_at_precision_92pct',
      'wrong_blocked_at_right_88pct',
      'wrong_blocked_at_right_90pct',
      'area',
      'cosine090_right',
      'cosine090_wrong',
    ],
  ],
  ['stream_', ['hits', 'errors', 'precision', 'recall', 'cross_tenant_hits', 'traps_served']],
  ['multiturn_', ['served_right', 'served_wrong', 'followups_right', 'crossed_wrong']],
  ['admission_', ['accuracy']],
  ['retrieval_', ['top1']],
  ['traps_pooled', ['served_wrong']],
];

function toTables({ results, reasons }: Measured): string {
  const parts = columns.flatMap(([start, metrics]) => {
    const names = [...new Set(results.map((result) => result.case).filter((name) => name.startsWith(start)))];
    if (names.length === 0) return [];
    const rows = names.map((name) => {
      const of = (metric: string) => results.find((result) => result.case === name && result.metric === metric);
      return `| ${[name, ...metrics.map((metric) => cell(of(metric)))].join(' | ')} |`;
    });
    const head = `| ${['set', ...metrics].join(' | ')} |\n|${'---|'.repeat(metrics.length + 1)}`;
    return [`${head}\n${rows.join('\n')}\n`];
  });
  const refused = [...reasons].sort((x, y) => y[1] - x[1]).map(([reason, count]) => `| ${reason} | ${count} |`);
  return `${parts.join('\n')}\n| refused pairs, by reason | |\n|---|---|\n${refused.join('\n')}\n`;
}

function cell(result: Result | undefined): string {
  if (!result) return '';
  const { value, low, high, unit } = result;
  if (unit !== 'share') return String(value);
  const digits = value > 0 && value < 0.02 ? 4 : 3;
  return low === undefined || high === undefined
    ? value.toFixed(digits)
    : `${value.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}
