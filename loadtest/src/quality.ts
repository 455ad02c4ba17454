/**
 * `npm run -s quality -- cache --data DIR [--json] [--only SET,…] [--report FILE]`: what the cache's judgement is worth on labelled
 * data, for every set that the folder has. `--report` writes tables and picture for docs/quality.md.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { printReport } from './bench/report.ts';
import { measureCache } from './quality/cache.ts';
import { printQuality } from './quality/print.ts';
import { writeReport } from './quality/report.ts';

const { values, positionals } = parseArgs({
  options: {
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    report: { type: 'string' },
    curve: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const [what] = positionals;
if (what !== 'cache' || !values.data) {
  process.stderr.write('usage: npm run -s quality -- cache --data DIR [--json] [--only SET,…] [--report FOLDER]\n');
  process.exit(2);
}
const home = resolve(process.env.REFRAIN_HOME ?? '.refrain');
const say = (line: string) => process.stderr.write(`${line}\n`);
try {
  const measured = await measureCache(resolve(values.data), {
    home,
    say,
    only: values.only?.split(','),
    curve: values.curve || values.report !== undefined,
  });
  if (values.report) writeReport(resolve(values.report), measured);
  if (values.json) printReport('quality', measured.results, true);
  else printQuality(measured.results);
} catch (error) {
  say((error as Error).message);
  process.exitCode = 1;
}
