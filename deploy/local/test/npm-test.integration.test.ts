/** `npm test` as a person calls it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { root } from '../src/check/step.ts';
import { Report, type TestEvents } from '../src/test-run/report.ts';

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

/** Runs a test file with node's runner, told by a report. */
async function reportOf(t: { after(end: () => void): void }, text: string): Promise<{ text: string; report: Report }> {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-report-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'x.test.mjs');
  writeFileSync(file, text);
  // The runner refuses to run inside a test: another process runs it and tells its events.
  const runnerFile = join(folder, 'runner.mjs');
  const runner = `import { run } from 'node:test';
    for await (const { type, data } of run({ files: [${JSON.stringify(file)}] })) {
      const { error } = data.details ?? {};
      if (error) data.details.error = { failureType: error.failureType, message: error.message, exitCode: error.exitCode, cause: error.cause?.stack };
      console.log(JSON.stringify({ type, data }));
    }`;
  writeFileSync(runnerFile, runner);
  const lines = await new Promise<string>((resolve, reject) => {
    const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
    execFile(process.execPath, [runnerFile], { env }, (error, stdout) =>
      error && stdout === '' ? reject(error) : resolve(stdout),
    );
  });
  const events = new PassThrough({ objectMode: true });
  let told = '';
  const report = new Report(folder, (more) => {
    told += more;
  });
  const followed = report.follow(events as unknown as TestEvents);
  for (const line of lines.trimEnd().split('\n')) {
    const { type, data } = JSON.parse(line);
    events.emit(type, data);
  }
  events.end();
  await followed;
  report.close();
  return { text: told, report };
}

test('a failure is told with its file, its path, its error and what the file printed', async (t) => {
  const { text, report } = await reportOf(
    t,
    `import { describe, it } from 'node:test';
     describe('outer', () => { it('inner', () => { console.log('a trace'); throw new TypeError('boo'); }); it('fine', () => {}); });
     it.skip('later', () => {});`,
  );
  assert.match(text, /✖ x\.test\.mjs:2 {2}outer › inner\n {4}.*TypeError: boo/);
  assert.match(text, /skipped: later \(x\.test\.mjs\)/);
  assert.match(text, /✖ .* 3 tests {2}x\.test\.mjs\n {4}it printed:\n {4}a trace/);
  assert.deepEqual(report.totals, { tests: 3, suites: 1, passed: 1, failed: 1, cancelled: 0, skipped: 1, todo: 0 });
  assert.match(text, /\nℹ tests 3\nℹ suites 1\nℹ pass 1\nℹ fail 1\n/);
});

test('a file that dies is told with its exit code and its last words, and counts as failed', async (t) => {
  const { text, report } = await reportOf(t, `console.error('dying'); process.exit(3);`);
  assert.match(text, /✖ x\.test\.mjs:1 {2}the file itself\n {4}exit code 3\n {4}dying/);
  assert.equal(report.totals.failed, 1);
});
