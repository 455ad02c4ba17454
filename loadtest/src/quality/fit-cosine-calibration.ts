/**
 * Fits P(same answer | cosine of all-MiniLM-L6-v2), a logistic curve, on the labelled pairs that carry the published cosine
 * (`ref.sim_minilm`): the fow600 and SemanticMemo sets (CC BY 4.0, MIT). Usage:
 * `node loadtest/src/quality/fit-cosine-calibration.ts DIR`, where DIR holds `pairs/*.jsonl`; prints the weights' JSON.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Row {
  readonly label: number;
  readonly ref?: { readonly sim_minilm?: number };
}

const [folder = ''] = process.argv.slice(2);
const sets = ['pairs_fow600', 'pairs_semanticmemo'];
const rows = sets.flatMap((set) =>
  readFileSync(join(folder, 'pairs', `${set}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
    .flatMap(({ label, ref }) => (typeof ref?.sim_minilm === 'number' ? [{ x: ref.sim_minilm, y: label }] : [])),
);

// Newton's method on the log-likelihood of two parameters; a small ridge keeps a separable set finite.
let intercept = 0;
let slope = 0;
const ridge = 0.01;
for (let step = 0; step < 50; step += 1) {
  const g = [-ridge * intercept, -ridge * slope];
  const h = [ridge, 0, ridge];
  for (const { x, y } of rows) {
    const p = 1 / (1 + Math.exp(-(intercept + slope * x)));
    const w = p * (1 - p);
    g[0] = (g[0] ?? 0) + (y - p);
    g[1] = (g[1] ?? 0) + (y - p) * x;
    h[0] = (h[0] ?? 0) + w;
    h[1] = (h[1] ?? 0) + w * x;
    h[2] = (h[2] ?? 0) + w * x * x;
  }
  const [a = 0, b = 0, d = 0] = h;
  const determinant = a * d - b * b;
  intercept += (d * (g[0] ?? 0) - b * (g[1] ?? 0)) / determinant;
  slope += (a * (g[1] ?? 0) - b * (g[0] ?? 0)) / determinant;
}

const served = rows.filter(({ x }) => x >= 0.95);
const right = served.filter(({ y }) => y === 1).length;
const round = (value: number) => Math.round(value * 1e4) / 1e4;
process.stdout.write(
  `${JSON.stringify(
    {
      model: 'all-MiniLM-L6-v2',
      fittedOn: sets,
      rows: rows.length,
      intercept: round(intercept),
      slope: round(slope),
      at095: { served: served.length, right, interval95: wilson(right, served.length).map(round) },
    },
    null,
    2,
  )}\n`,
);

function wilson(successes: number, n: number): [number, number] {
  const z = 1.96;
  const p = successes / n;
  const middle = p + (z * z) / (2 * n);
  const half = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return [(middle - half) / (1 + (z * z) / n), (middle + half) / (1 + (z * z) / n)];
}
