/**
 * `npm run check -- [STEP…]`: everything that can be said about the code without running it, and the unit tests. One line
 * for each step with its time; a step that fails prints all it had to say. Exits with 1 when any did.
 */
import { checkFormat, checkProto, checkTypes, checkUnits, checkUnused } from './check/commands.ts';
import { checkGenerated } from './check/generated.ts';
import { checkImports } from './check/imports.ts';
import { checkLockfile } from './check/lockfile.ts';
import { checkBreaking } from './check/proto-breaking.ts';
import type { Step } from './check/step.ts';

const steps: Readonly<Record<string, Step>> = {
  lockfile: checkLockfile,
  biome: checkFormat,
  'buf lint': checkProto,
  'buf breaking': checkBreaking,
  generated: checkGenerated,
  tsc: checkTypes,
  imports: checkImports,
  knip: checkUnused,
  unit: checkUnits,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(steps, name));
if (unknown.length > 0) {
  console.error(`There is no step called ${unknown.join(', ')}. Steps: ${Object.keys(steps).join(', ')}.`);
  process.exit(2);
}

const failed: string[] = [];
for (const [name, step] of Object.entries(steps)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const start = performance.now();
  const { ok, say, output } = await step();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${ok ? '✓' : '✗'} ${name.padEnd(14)} ${seconds.padStart(5)} s  ${say}`.trimEnd());
  if (ok) continue;
  failed.push(name);
  console.log(output.trimEnd().replaceAll(/^/gm, '    '));
}
if (failed.length > 0) {
  console.log(`\nFailed: ${failed.join(', ')}. One alone: npm run check -- "${failed[0]}"`);
  process.exit(1);
}
