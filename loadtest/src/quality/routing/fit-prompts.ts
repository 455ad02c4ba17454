/**
 * `node loadtest/src/quality/routing/fit-prompts.ts DATA`: fits the prompt model on the sets that may ship, embeds them,
 * and writes libs/judgement/src/weights/prompt.json and prompt-meaning.json. No chance in it but the seed of the written prompts: the same data give the same file.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { embedTexts } from '../embed-texts.ts';
import { fitPrompts } from './fit.ts';
import { fitMeaning } from './fit-meaning.ts';
import { digestsOf, readFitRows } from './fit-rows.ts';

const [folder] = process.argv.slice(2);
if (!folder) {
  process.stderr.write('usage: node loadtest/src/quality/routing/fit-prompts.ts DATA\n');
  process.exit(2);
}
const say = (line: string) => process.stderr.write(`${line}\n`);
const rows = readFitRows(resolve(folder));
const vectorOf = await embedTexts(
  rows.map(({ text }) => text),
  resolve(process.env.REFRAIN_HOME ?? '.refrain'),
  say,
);
const write = (name: string, weights: object) => {
  const text = `${JSON.stringify(weights)}\n`;
  writeFileSync(resolve(import.meta.dirname, '../../../../libs/judgement/src/weights', name), text);
  say(`${name}: ${text.length} bytes`);
};
write('prompt.json', fitPrompts(rows, digestsOf(resolve(folder))));
write('prompt-meaning.json', fitMeaning(rows, vectorOf));
