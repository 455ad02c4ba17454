/**
 * Makes the quality gate's pairs: every second labelled pair of the set that was written for this project, and pairs from templates,
 * with the cosine of their vectors, so that the gate needs no model.
 * `node loadtest/src/quality/fit-gate.ts DATA_FOLDER > libs/judgement/test/gate-pairs.json`
 */
import { join } from 'node:path';
import { embedTexts } from './embed-texts.ts';
import { Random } from './fit/random.ts';
import { pairsFromTemplates } from './fit/templates.ts';
import { readRows } from './rows.ts';
import { cosineOf } from './vector-file.ts';

interface Row {
  readonly a: string;
  readonly b: string;
  readonly label: number;
  readonly kind: string;
}

const [folder = '', home = join(import.meta.dirname, '../../../.refrain')] = process.argv.slice(2);
const written = readRows<Row>(folder, 'pairs/pairs_prompts').filter((_, i) => i % 2 === 0);
const made = pairsFromTemplates(new Random(4242), 160);
const rows: Row[] = [...written, ...made];
const vectorOf = await embedTexts(
  rows.flatMap(({ a, b }) => [a, b]),
  home,
  (line) => process.stderr.write(`${line}\n`),
);
const pairs = rows.flatMap(({ a, b, label, kind }) => {
  const [x, y] = [vectorOf(a), vectorOf(b)];
  return typeof x === 'string' || typeof y === 'string'
    ? []
    : [{ a, b, label, kind, cosine: Number(cosineOf(x, y).toFixed(4)) }];
});
process.stdout.write(`${JSON.stringify(pairs, null, 1)}\n`);
