import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { installWheel } from './pip.ts';
import { run } from './run.ts';
import { startPart } from './start-part.ts';
import { systemEnv } from './system-env.ts';
import { isAtLeast } from './version.ts';

const launch = { command: 'sleep', prefix: [], env: {}, origin: 'test' };

test('versions are compared by their numbers, not as text', () => {
  assert.ok(isAtLeast('2.10.0', '2.9.10'));
  assert.ok(isAtLeast('7.0.15', '6.2.0'));
  assert.ok(!isAtLeast('6.0.16', '6.2.0'));
});

test('a preferred port that is taken is replaced by a free one', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  assert.notEqual(await freePort(port), port);
  server.close();
});

test('a server that ends while starting is an error, not a wait', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'refrain-parts-'));
  const part = { name: 'short', args: ['0'], url: '', isUp: async () => false };
  await assert.rejects(startPart({ launch, folder, port: 0 }, part), /short ended while starting/);
  await rm(folder, { recursive: true });
});

test('stop ends the process and waits for it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'refrain-parts-'));
  const part = await startPart(
    { launch, folder, port: 0 },
    { name: 'sleep', args: ['60'], url: '', isUp: async () => true },
  );
  await part.stop();
  assert.throws(() => process.kill(part.pid, 0), { code: 'ESRCH' });
  await rm(folder, { recursive: true });
});

test('a wheel with another checksum is refused and leaves nothing behind, not even what a killed process had left', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'refrain-parts-'));
  const { pid: dead } = spawnSync('true');
  await mkdir(join(folder, `six.work-${dead}`));
  await mkdir(join(folder, `six.work-${process.ppid}`));
  const wheel = { name: 'six', version: '1.16.0', sha256: ['0'.repeat(64)] };
  await assert.rejects(installWheel(wheel, join(folder, 'six')));
  assert.deepEqual(await readdir(folder), [`six.work-${process.ppid}`]);
  await rm(folder, { recursive: true });
});

test('a command ends with the reason of its signal', async () => {
  const abort = new AbortController();
  const running = run('sleep', ['60'], { signal: abort.signal });
  abort.abort(new Error('enough'));
  await assert.rejects(running, /enough/);
});

test('a server that is starting ends when the start is given up', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'refrain-parts-'));
  const part = { name: 'sleep', args: ['60'], url: '', isUp: async () => false };
  await assert.rejects(startPart({ launch, folder, port: 0, signal: AbortSignal.timeout(50) }, part), /timeout/);
  await rm(folder, { recursive: true });
});

test('a server ends when whoever started it is killed', async () => {
  const starter = spawn(process.execPath, [join(import.meta.dirname, '../test/start-sleep.main.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [pid] = await once(starter.stdout, 'data').then(([data]) => [Number(data)]);
  starter.kill('SIGKILL');
  const isGone = async () => !existsSync(`/proc/${pid}`) || / Z /.test(await readFile(`/proc/${pid}/stat`, 'utf8'));
  for (const end = Date.now() + 5000; !(await isGone()); await delay(10)) assert.ok(Date.now() < end, 'it lives on');
});

test('programs that npm puts on PATH are not the system’s', () => {
  const path = ['/a/node_modules/.bin', '/usr/bin', '/b/node_modules/.bin'].join(delimiter);
  assert.equal(systemEnv({ PATH: path }).PATH, '/usr/bin');
});
