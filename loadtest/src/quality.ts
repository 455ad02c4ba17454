/**
 * `npm run -s quality -- cache --data DIR [--json] [--only SET,…] [--report FOLDER] [--replay HOST:PORT]`: what the cache's judgement
 * is worth on labelled data, for every set that the folder has. `--report` writes tables and picture for docs/quality.md; `--replay` asks a
 * running cache instead and says how often it does what is measured here.
 *
 * `npm run -s quality -- routing --data DIR [--train DIR] [--json]`: what the prompt model is worth as a router and as a classifier.
 * Scored by the shipped weights; by cross-validation where these were fitted on the folder's very files; by a fit on `--train` where
 * that is given. Which of the three is said on standard error.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { printReport, type Result } from './bench/report.ts';
import { measureCache } from './quality/cache.ts';
import { printQuality } from './quality/print.ts';
import { replayCache } from './quality/replay.ts';
import { writeReport } from './quality/report.ts';
import { measureRouting } from './quality/routing/measure.ts';

const { values, positionals } = parseArgs({
  options: {
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    report: { type: 'string' },
    curve: { type: 'boolean', default: false },
    replay: { type: 'string' },
    train: { type: 'string' },
  },
  allowPositionals: true,
});
const [what] = positionals;
if ((what !== 'cache' && what !== 'routing') || !values.data) {
  process.stderr.write(
    'usage: npm run -s quality -- cache --data DIR [--json] [--only SET,…] [--report FOLDER | --replay HOST:PORT]\n' +
      '       npm run -s quality -- routing --data DIR [--train DIR] [--json]\n',
  );
  process.exit(2);
}
const home = resolve(process.env.REFRAIN_HOME ?? '.refrain');
const say = (line: string) => process.stderr.write(`${line}\n`);
try {
  const data = resolve(values.data);
  const only = values.only?.split(',');
  const print = (results: readonly Result[]) =>
    values.json ? printReport('quality', results, true) : printQuality(results);
  if (what === 'routing')
    print(await measureRouting(data, { train: values.train && resolve(values.train), home, say }));
  else if (values.replay) print(await replayCache(data, { home, say, only, address: values.replay }));
  else {
    const measured = await measureCache(data, { home, say, only, curve: values.curve || values.report !== undefined });
    if (values.report) writeReport(resolve(values.report), measured);
    print(measured.results);
  }
} catch (error) {
  say((error as Error).message);
  process.exitCode = 1;
}
