/**
 * `npm test [-- PATTERN…]`: every test, or those whose path holds a pattern. First what needs nothing, then what needs real servers and models (found or
 * fetched as `npm start` does), then whole meshes. A missing server or model fails in CI and is a loud skip elsewhere. Ends with the totals; exits with 1 when
 * a test failed or none ran.
 */
import { root } from './check/step.ts';
import { endOnSignals, toWords } from './start/ending.ts';
import { createScreen } from './start/screen.ts';
import { loadSettings } from './start/settings.ts';
import { bringNeeds } from './test-run/bring-needs.ts';
import { findTests, type Need, needsOf } from './test-run/files.ts';
import { Report } from './test-run/report.ts';
import { runFiles } from './test-run/run-files.ts';

/** Longer than any file takes on a busy machine; a test that hangs must not hang the whole. */
const limitMs = 300_000;

const end = new AbortController();
endOnSignals(end, () => process.exit(130));
const report = new Report(root, (text) => process.stdout.write(text));

try {
  await main(process.argv.slice(2));
} catch (error) {
  report.say(`✖ ${toWords(error)}`);
  process.exitCode = 1;
}
process.exit();

async function main(patterns: readonly string[]): Promise<void> {
  const screen = createScreen((text) => process.stderr.write(text));
  const phases = findTests(root, patterns);
  const all = phases.flatMap(({ files }) => files);
  if (all.length === 0)
    throw new Error(`no test file has ${patterns.join(' or ') || 'a name that counts'} in its path`);

  const needs = new Map(all.map((file) => [file, needsOf(root, file)]));
  const needed = [...new Set([...needs.values()].flat())];
  const settings = loadSettings(process.env);
  const missing = await bringNeeds(needed, { settings, screen, signal: end.signal });
  for (const [need, reason] of missing) report.say(`✖ ${need} is missing: ${reason}`);
  if (missing.size > 0 && process.env.CI) throw new Error('in CI a missing server or model is a failure');

  for (const { name, concurrency, files } of phases) {
    const lacking = (file: string): Need[] => (needs.get(file) ?? []).filter((need) => missing.has(need));
    const skipped = files.filter((file) => lacking(file).length > 0);
    for (const file of skipped) report.skip(file, `${lacking(file).join(' and ')} missing`);
    const ready = files.filter((file) => !skipped.includes(file));
    if (ready.length === 0) continue;
    report.say(`\n${name}: ${ready.length} files`);
    await runFiles(ready, { root, concurrency, limitMs, report, signal: end.signal });
    end.signal.throwIfAborted();
  }
  report.say('');
  report.close();
  const { tests, failed, cancelled, passed } = report.totals;
  if (failed + cancelled > 0 || passed === 0 || tests === 0) process.exitCode = 1;
}
