/**
 * `node deploy/local/src/refrain/prices-import.ts FILE "SOURCE" DATE`: makes libs/judgement/src/prices.json anew from LiteLLM's
 * model_prices_and_context_window.json. SOURCE says which version it is of, DATE (2026-11-25) of when. The table is then reviewed as a
 * diff, like code: prices are never fetched by a running mesh.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { toPrices } from './price-list.ts';

const [file, source, date] = process.argv.slice(2);
if (!file || !source || !/^\d{4}-\d\d-\d\d$/.test(date ?? '')) {
  process.stderr.write('usage: node deploy/local/src/refrain/prices-import.ts FILE "SOURCE" YYYY-MM-DD\n');
  process.exitCode = 2;
} else {
  const prices = toPrices(await readFile(file, 'utf8'));
  const notice = await readFile(new URL('prices-notice.txt', import.meta.url), 'utf8');
  const head = { source, date, unit: 'nano-dollars for a million tokens', notice: notice.trimEnd().split('\n') };
  const groups = Object.entries(prices).map(([list, models]) => {
    const rows = Object.entries(models).map(
      ([name, price]) => `      ${JSON.stringify(name)}: ${JSON.stringify(price)}`,
    );
    return `    ${JSON.stringify(list)}: {\n${rows.join(',\n')}\n    }`;
  });
  // A line for each model: a diff shows which prices have changed.
  const text = `{\n  "about": ${JSON.stringify(head, null, 2).replaceAll('\n', '\n  ')},\n  "prices": {\n${groups.join(',\n')}\n  }\n}\n`;
  await writeFile(new URL('../../../../libs/judgement/src/prices.json', import.meta.url), text);
  for (const [list, models] of Object.entries(prices)) process.stdout.write(`${list}: ${Object.keys(models).length}\n`);
}
