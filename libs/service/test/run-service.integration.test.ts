import assert from 'node:assert/strict';
import { type ChildProcess, fork, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { type TestContext, test } from 'node:test';

const main = new URL('./frame.main.ts', import.meta.url).pathname;

interface Frame {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; output: string }>;
}

function start(t: TestContext, mode: string, env: NodeJS.ProcessEnv = {}): Frame {
  const child = fork(main, [mode], { silent: true, env: { ...process.env, LOG_LEVEL: '', ...env } });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  const closed = [child.stdout, child.stderr].map(async (stream) => {
    for await (const chunk of stream ?? []) output += chunk;
  });
  // Not 'close': a child whose channel the parent closed never emits it.
  const ended = Promise.all([once(child, 'exit'), ...closed]).then(([[code]]) => ({ code, output }));
  return { child, ended };
}

async function ready(child: ChildProcess): Promise<Record<string, unknown>> {
  const [message] = await once(child, 'message');
  return message;
}

const limit = { timeout: 20_000 };

test('announces its addresses, serves them and stops its parts in reverse order on SIGTERM', limit, async (t) => {
  const { child, ended } = start(t, 'good', { LOG_LEVEL: 'info' });
  const message = await ready(child);
  assert.deepEqual(
    { ...message, metrics: undefined },
    { type: 'ready', name: 'frame', pid: child.pid, grpc: '127.0.0.1:1', metrics: undefined },
  );
  assert.match(await (await fetch(String(message.metrics))).text(), /process_cpu/);
  child.kill('SIGTERM');
  const { code, output } = await ended;
  assert.equal(code, 0, output);
  assert.match(output, /stopped second part[\s\S]*stopped first part/);
});

test('a log that nobody can take (a full disk) ends no service; it is counted', limit, async (t) => {
  const full = openSync('/dev/full', 'w');
  const stdio: StdioOptions = ['ignore', full, full, 'ipc'];
  const child = fork(main, ['good'], { stdio, env: { ...process.env, LOG_LEVEL: 'info' } });
  t.after(() => child.kill('SIGKILL'));
  closeSync(full);
  const message = await ready(child);
  const text = await (await fetch(String(message.metrics))).text();
  assert.match(text, /refrain_log_failures_total\{service="frame"\} [1-9]/);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test(
  'a configuration that was refused while it runs stands on /readyz, and the service stays ready',
  limit,
  async (t) => {
    const { child } = start(t, 'refused');
    const { metrics } = await ready(child);
    const response = await fetch(new URL('/readyz', String(metrics)));
    const { ok, parts } = (await response.json()) as { ok: boolean; parts: Record<string, string> };
    assert.deepEqual([response.status, ok, parts.all], [200, true, 'ready']);
    assert.equal(parts.config, 'down: the old one is in force, refrain.yaml:9:3 limits.attempts: is wrong');
  },
);

test('stops when its supervisor is gone', limit, async (t) => {
  const { child, ended } = start(t, 'good', { LOG_LEVEL: 'info' });
  await ready(child);
  child.disconnect();
  const { code, output } = await ended;
  assert.equal(code, 0, output);
  assert.match(output, /the supervisor is gone/);
});

test('a part that fails to stop keeps no other from stopping', limit, async (t) => {
  const { child, ended } = start(t, 'bad-stop', { LOG_LEVEL: 'info' });
  await ready(child);
  child.kill('SIGINT');
  const { code, output } = await ended;
  assert.equal(code, 0);
  assert.match(output, /did not stop cleanly[\s\S]*stopped first part/);
});

test('a stop that takes longer than STOP_SECONDS is cut; every part knows how long there is', limit, async (t) => {
  const { child, ended } = start(t, 'slow-stop', { LOG_LEVEL: 'info', STOP_SECONDS: '1' });
  await ready(child);
  child.kill('SIGTERM');
  const { code, output } = await ended;
  assert.equal(code, 1);
  assert.match(output, /"stopMs":1000[\s\S]*"limitMs":1000[\s\S]*stopping took too long/);
});

test(
  'without STOP_SECONDS there are ten; what is no whole number of seconds up to an hour ends with 78',
  limit,
  async (t) => {
    const { child, ended } = start(t, 'good', { LOG_LEVEL: 'info', STOP_SECONDS: '' });
    await ready(child);
    child.kill('SIGTERM');
    assert.match((await ended).output, /"stopMs":10000/);
    for (const STOP_SECONDS of ['0', '1.5', 'soon', '3601']) {
      const { code, output } = await start(t, 'good', { STOP_SECONDS }).ended;
      assert.equal(code, 78);
      assert.match(output, /^frame: environment STOP_SECONDS: /);
    }
  },
);

test('a configuration that cannot be used ends with 78 and a line for each fault', limit, async (t) => {
  const { code, output } = await start(t, 'config').ended;
  assert.equal(code, 78);
  assert.equal(output, 'frame: refrain.yaml:9:3 limits.attempts: is wrong\nframe: refrain.yaml keys: is wrong too\n');
});

test('a level that is none ends with 78', limit, async (t) => {
  const { code, output } = await start(t, 'good', { LOG_LEVEL: 'loud' }).ended;
  assert.equal(code, 78);
  assert.match(output, /^frame: environment LOG_LEVEL: is none of/);
});

test(
  'any other failure of the start ends with 1, one clear line first, and stops what had started',
  limit,
  async (t) => {
    const { code, output } = await start(t, 'fault', { LOG_LEVEL: 'info' }).ended;
    assert.equal(code, 1);
    assert.match(output, /^frame: could not start: no luck$/m);
    assert.match(output, /stopped first part/);
  },
);

test('an error nobody caught is logged, stops the parts and ends with 1', limit, async (t) => {
  const { code, output } = await start(t, 'reject', { LOG_LEVEL: 'info' }).ended;
  assert.equal(code, 1);
  assert.match(output, /nobody caught me[\s\S]*stopped first part/);
});
