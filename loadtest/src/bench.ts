/**
 * `npm run -s bench -- [SUITE] [--json] [--rounds N] [--seconds N] [--only NAME,…]`: speed as ratios against limits of the same run.
 * SUITE is `all` (the default), `limits`, `exact`, `semantic` or `miss`; a chosen case brings its limit along. `cache` is a suite of its own, with
 * parts of its own: the cache at its own door, at three sizes, and what repeats cost.
 */
import { parseArgs } from 'node:util';
import { runCacheSuite } from './bench/cache/suite.ts';
import { createCases } from './bench/cases.ts';
import { closeHttpClient } from './bench/http-client.ts';
import { startBenchMesh } from './bench/mesh.ts';
import { printReport } from './bench/report.ts';
import { type Outcomes, runCases } from './bench/run.ts';
import { chooseCases } from './bench/suites.ts';

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string' },
    only: { type: 'string' },
  },
  allowPositionals: true,
});
const say = (line: string) => process.stderr.write(`${line}\n`);
const rounds = Number(values.rounds);
const secondsOr = (preset: number) => (values.seconds === undefined ? preset : Number(values.seconds));
const [suite] = positionals;
if (suite === 'cache') report(await runCacheSuite({ rounds, seconds: secondsOr(1), say }));
else await runPaths();

/** The paths of a request, each against its limit. */
async function runPaths(): Promise<void> {
  const mesh = await startBenchMesh((step) => say(`starting ${step}`));
  const { cases, close } = createCases(mesh);
  try {
    const chosen = chooseCases(cases, { suite, only: values.only });
    const run = { rounds, seconds: secondsOr(2.5), inFlight: [1, 16], upstream: mesh.upstream, say };
    report(await runCases(chosen, run));
  } finally {
    close();
    closeHttpClient();
    await mesh.stop();
  }
}

function report({ results, failed }: Outcomes): void {
  printReport('bench', results, values.json);
  if (failed.length === 0) return;
  say(`could not be measured: ${failed.join(', ')}`);
  process.exitCode = 1;
}
