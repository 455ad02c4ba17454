/** `npm test` as a person calls it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { root } from '../src/check/step.ts';
import type { Totals } from '../src/test-run/report.ts';

const program = join(root, 'deploy/local/src/test.ts');
const good = 'libs/resilience/src/';
const needsRedis = 'libs/state/test/state.integration.test.ts';

function npmTest(patterns: readonly string[], env: NodeJS.ProcessEnv): Promise<{ status: unknown; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...patterns], { cwd: root, env }, (error, stdout, stderr) =>
      resolve({ status: error ? error.code : 0, output: stderr + stdout }),
    );
  });
}

/** A machine that has no server and no way to get one. */
function bareMachine(t: { after(end: () => void): void }): NodeJS.ProcessEnv {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-bare-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return { PATH: folder, REFRAIN_HOME: join(folder, '.refrain') };
}

test('what passes ends with the runner’s closing lines and 0', async (t) => {
  const { status, output } = await npmTest([good], bareMachine(t));
  assert.equal(status, 0, output);
  const closing =
    /\nℹ tests (\d+)\nℹ suites \d+\nℹ pass (\d+)\nℹ fail 0\nℹ cancelled 0\nℹ skipped 0\nℹ todo 0\nℹ duration_ms [\d.]+\n$/;
  const [, tests, passed] = closing.exec(output) ?? [];
  assert.ok(Number(tests) > 0, output);
  assert.equal(tests, passed);
});

test('a missing server is a loud skip at home', async (t) => {
  const { status, output } = await npmTest([good, needsRedis], bareMachine(t));
  assert.equal(status, 0, output);
  assert.match(output, /✖ redis is missing: redis-server .* was not found/);
  assert.match(output, new RegExp(`SKIPPED: ${needsRedis}: redis missing`));
  assert.match(output, /\nℹ skipped 1\n/);
});

test('a missing server is a failure in CI', async (t) => {
  const { status, output } = await npmTest([good, needsRedis], { ...bareMachine(t), CI: 'true' });
  assert.equal(status, 1);
  assert.match(output, /✖ redis is missing[\s\S]*in CI a missing server or model is a failure/);
});

test('no test is a failure: none that matches, none that could run', async (t) => {
  const none = await npmTest(['no/such/folder'], bareMachine(t));
  assert.deepEqual([none.status, none.output], [1, '✖ no test file has no/such/folder in its path\n']);
  const skipped = await npmTest([needsRedis], bareMachine(t));
  assert.equal(skipped.status, 1, skipped.output);
});

/** Runs test files with a limit in another process, as the runner refuses to run inside a test. */
async function reportOf(
  t: { after(end: () => void): void },
  files: Readonly<Record<string, string>>,
  limitMs = 60_000,
): Promise<{ text: string; totals: Totals }> {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-report-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const runner = join(folder, 'runner.mjs');
  const source = (name: string) => JSON.stringify(pathToFileURL(join(root, 'deploy/local/src/test-run', name)));
  writeFileSync(
    runner,
    `import { Report } from ${source('report.ts')};
    import { runFiles } from ${source('run-files.ts')};
    let text = '';
    const report = new Report(import.meta.dirname, (more) => { text += more; });
    const signal = new AbortController().signal;
    await runFiles(${JSON.stringify(Object.keys(files))}, { root: import.meta.dirname, concurrency: 2, limitMs: ${limitMs}, report, signal });
    report.close();
    console.log(JSON.stringify({ text, totals: report.totals }));
    process.exit();`,
  );
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [runner], { cwd: folder, env });
  return JSON.parse(stdout);
}

test('a failure is told with its file, its path, its error and what the file printed', async (t) => {
  const { text, totals } = await reportOf(t, {
    'x.test.mjs': `import { describe, it } from 'node:test';
     describe('outer', () => { it('inner', () => { console.log('a trace'); throw new TypeError('boo'); }); it('fine', () => {}); });
     it.skip('later', () => {});`,
  });
  assert.match(text, /✖ x\.test\.mjs:2 {2}outer › inner\n {4}.*TypeError: boo/);
  assert.match(text, /skipped: later \(x\.test\.mjs\)/);
  assert.match(text, /✖ .* 3 tests {2}x\.test\.mjs\n {4}it printed:\n {4}a trace/);
  assert.deepEqual(totals, { tests: 3, suites: 1, passed: 1, failed: 1, cancelled: 0, skipped: 1, todo: 0 });
  assert.match(text, /\nℹ tests 3\nℹ suites 1\nℹ pass 1\nℹ fail 1\n/);
});

test('a file that dies is told with its exit code and its last words, and counts as failed', async (t) => {
  const { text, totals } = await reportOf(t, { 'x.test.mjs': `console.error('dying'); process.exit(3);` });
  assert.match(text, /✖ x\.test\.mjs:1 {2}the file itself\n {4}exit code 3\n {4}dying/);
  assert.equal(totals.failed, 1);
});

test('a file that does not end is ended and has failed; the others are told before it', async (t) => {
  const hanging = `import { test } from 'node:test';
    setInterval(() => {}, 1000);
    test('breaks', () => { throw new Error('boo'); });`;
  const fine = `import { test } from 'node:test'; test('fine', () => {});`;
  const { text, totals } = await reportOf(t, { 'a.test.mjs': hanging, 'b.test.mjs': fine, 'c.test.mjs': fine }, 2000);
  assert.match(
    text,
    /✖ a\.test\.mjs:3 {2}breaks\n[\s\S]*✖ a\.test\.mjs:1 {2}the file itself\n {4}still running after 2 s: /,
  );
  for (const name of ['b', 'c'])
    assert.ok(text.indexOf(`1 tests  ${name}.test.mjs`) < text.indexOf('the file itself'), text);
  assert.deepEqual([totals.passed, totals.failed, totals.cancelled], [2, 1, 1]);
});
