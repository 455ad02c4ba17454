/**
 * `npm run -s bench -- [SUITE] [--json] [--rounds N] [--seconds N] [--only NAME,…]`: speed as ratios against limits of the same run.
 * SUITE is `all` (the default), `limits`, `exact`, `semantic` or `miss`; a chosen case brings its limit along.
 */
import { parseArgs } from 'node:util';
import { createCases } from './bench/cases.ts';
import { closeHttpClient } from './bench/http-client.ts';
import { startBenchMesh } from './bench/mesh.ts';
import { printReport } from './bench/report.ts';
import { runCases } from './bench/run.ts';
import { chooseCases } from './bench/suites.ts';

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '2.5' },
    only: { type: 'string' },
  },
  allowPositionals: true,
});
const say = (line: string) => process.stderr.write(`${line}\n`);
const mesh = await startBenchMesh((step) => say(`starting ${step}`));
const { cases, close } = createCases(mesh);
try {
  const chosen = chooseCases(cases, { suite: positionals[0], only: values.only });
  const numbers = { rounds: Number(values.rounds), seconds: Number(values.seconds) };
  const { results, failed } = await runCases(chosen, { ...numbers, inFlight: [1, 16], upstream: mesh.upstream, say });
  printReport('bench', results, values.json);
  if (failed.length > 0) {
    say(`could not be measured: ${failed.join(', ')}`);
    process.exitCode = 1;
  }
} finally {
  close();
  closeHttpClient();
  await mesh.stop();
}
