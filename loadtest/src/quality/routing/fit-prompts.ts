/**
 * `node loadtest/src/quality/routing/fit-prompts.ts DATA`: fits the prompt model on the sets that may ship and writes
 * libs/judgement/src/weights/prompt.json. No chance in it but the seed of the written prompts: the same data give the same file.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fitPrompts } from './fit.ts';
import { digestsOf, readFitRows } from './fit-rows.ts';

const [folder] = process.argv.slice(2);
if (!folder) {
  process.stderr.write('usage: node loadtest/src/quality/routing/fit-prompts.ts DATA\n');
  process.exit(2);
}
const rows = readFitRows(resolve(folder));
const weights = `${JSON.stringify(fitPrompts(rows, digestsOf(resolve(folder))))}\n`;
const file = resolve(import.meta.dirname, '../../../../libs/judgement/src/weights/prompt.json');
writeFileSync(file, weights);
process.stdout.write(`${rows.length} prompts, ${weights.length} bytes\n`);
