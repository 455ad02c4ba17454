import { findTests } from '../test-run/files.ts';
import { command, root, run, type Step } from './step.ts';

/** Format and lint; warnings count. */
export const checkFormat: Step = command('biome', 'ci', '--error-on-warnings', '--colors=off', '.');
/** Style and comments of the contracts. */
export const checkProto: Step = command('buf', 'lint');
/** Types, strictly. */
export const checkTypes: Step = command('tsc', '-p', 'tsconfig.json', '--noEmit', '--pretty', 'false');
/** Files, exports and dependencies nobody uses, and those used undeclared. */
export const checkUnused: Step = command('knip', '--no-progress', '--no-config-hints');

/** The tests beside the code: they need no server. No test at all is a failure. */
export const checkUnits: Step = async () => {
  const files = findTests(root, []).find(({ name }) => name === 'unit')?.files ?? [];
  if (files.length === 0) return { ok: false, say: '', output: 'no test was found' };
  const { code, output } = await run(process.execPath, ['--test', '--test-reporter=spec', ...files]);
  const tests = /^ℹ pass (\d+)$/m.exec(output)?.[1] ?? '?';
  return {
    ok: code === 0,
    say: `${tests} tests`,
    output: output.slice(Math.max(0, output.indexOf('✖ failing tests'))),
  };
};
