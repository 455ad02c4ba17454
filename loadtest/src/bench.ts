/**
 * `npm run -s bench -- [SUITE] [--json] [--rounds N] [--seconds N] [--only NAME,…]`: speed as ratios against limits of the same run.
 * SUITE is `all` (the default), `limits`, `exact`, `semantic` or `miss`; a chosen case brings its limit along. `cache` is a suite of its own, with
 * parts of its own: the cache at its own door, at three sizes, and what repeats cost.
 */
import { type BenchArguments, readBenchArguments, usage } from './bench/arguments.ts';
import { runCacheSuite } from './bench/cache/suite.ts';
import { createCases } from './bench/cases.ts';
import { closeHttpClient } from './bench/http-client.ts';
import { startBenchMesh } from './bench/mesh.ts';
import { printReport } from './bench/report.ts';
import { type Outcomes, runCases } from './bench/run.ts';
import { chooseCases } from './bench/suites.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);
const wanted = read();
if (wanted === 'help') process.stdout.write(usage);
else if (wanted?.suite === 'cache') {
  const { json, rounds, seconds = 1 } = wanted;
  report(await runCacheSuite({ rounds, seconds, say }), json);
} else if (wanted) await runPaths(wanted).catch(fail);

function read(): BenchArguments | 'help' | undefined {
  try {
    return readBenchArguments(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n\n${usage}`);
    process.exitCode = 2;
    return undefined;
  }
}

/** A case nobody knows is known only when the cases are there; what is no plain sentence of ours is a bug and keeps its stack. */
function fail(error: Error): void {
  if (error.name !== 'Error') throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 1;
}

/** The paths of a request, each against its limit. */
async function runPaths({ json, only, rounds, seconds = 2.5, suite }: BenchArguments): Promise<void> {
  const mesh = await startBenchMesh((step) => say(`starting ${step}`));
  const { cases, close } = createCases(mesh);
  try {
    const chosen = chooseCases(cases, { suite, only });
    const run = { rounds, seconds, inFlight: [1, 16], upstream: mesh.upstream, say };
    report(await runCases(chosen, run), json);
  } finally {
    close();
    closeHttpClient();
    await mesh.stop();
  }
}

function report({ results, failed }: Outcomes, json: boolean): void {
  printReport('bench', results, json);
  if (failed.length === 0) return;
  say(`could not be measured: ${failed.join(', ')}`);
  process.exitCode = 1;
}
