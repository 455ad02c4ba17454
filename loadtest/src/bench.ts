/** `npm run -s bench -- [--json] [--rounds N] [--seconds N] [--only NAME,…]`: speed as ratios against limits of the same run. */
import { parseArgs } from 'node:util';
import { createCases } from './bench/cases.ts';
import { closeHttpClient } from './bench/http-client.ts';
import { startBenchMesh } from './bench/mesh.ts';
import { printReport } from './bench/report.ts';
import { runCases } from './bench/run.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string' },
  },
  allowPositionals: true,
});
const say = (line: string) => process.stderr.write(`${line}\n`);
const mesh = await startBenchMesh((step) => say(`starting ${step}`));
const { cases, close } = createCases(mesh);
try {
  const wanted = values.only?.split(',');
  // A chosen case brings its limit along.
  const chosen = cases.filter(
    (each) =>
      !wanted ||
      wanted.includes(each.name) ||
      cases.some((other) => wanted.includes(other.name) && other.limit === each.name),
  );
  const options = { rounds: Number(values.rounds), seconds: Number(values.seconds), inFlight: [1, 16], say };
  printReport('bench', await runCases(chosen, options), values.json);
} finally {
  close();
  closeHttpClient();
  await mesh.stop();
}
