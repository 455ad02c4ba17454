/** `npm run -s refrain -- alerts` on a NATS that keeps what services told. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { type Bus, createAlerts, openBus } from '@refrain/bus';
import { eventSubject, meshTenant } from '@refrain/contracts';
import { findNats, freePort } from '@refrain/parts';
import { eventually, partsFolder, silentLog, startNats, type TestServer } from '@refrain/testkit';
import { root } from '../src/check/step.ts';

const program = ['deploy/local/src/refrain.ts', 'alerts'];
const options = { cwd: root, env: { PATH: process.env.PATH, REFRAIN_HOME: '/nowhere' } };
const hourMs = 3_600_000;

const alerts = (...args: string[]): Promise<{ status: unknown; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [...program, ...args], options, (error, stdout, stderr) =>
      resolve({ status: error ? error.code : 0, stdout, stderr }),
    );
  });

/** The command while it runs, and its output so far. */
function following(...args: string[]): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [...program, '--follow', ...args], {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  return { child, output: () => output };
}

describe('alerts', { timeout: 60_000 }, () => {
  let nats: TestServer;
  let bus: Bus;
  const raise = (encoding: 'json' | 'protobuf', now: () => number = Date.now) =>
    createAlerts({ bus, encoding: () => encoding, log: silentLog, now });
  before(async () => {
    nats = await startNats();
    bus = openBus({ url: nats.url, name: 'test', log: silentLog });
    await eventually(() => bus.connected);
  });
  after(async () => {
    await bus.drain();
    await nats.stop();
  });

  it('that nobody has told are none', async () => {
    const { status, stdout } = await alerts('--nats', nats.url);
    assert.equal(status, 0);
    assert.match(stdout, /^No alert since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(UTC\)\.\n$/);
    assert.deepEqual(await alerts('--json', '--nats', nats.url), { status: 0, stdout: '', stderr: '' });
  });

  it('of the last time are listed, however they are encoded: time, kind, provider, hash of the key, text', async () => {
    raise('json')('a', { kind: 'quota', provider: 'openai', keyId: '0123456789ab', text: 'Much was used.' });
    const lines = async (...args: string[]) =>
      (await alerts('--json', ...args, '--nats', nats.url)).stdout.split('\n').filter((line) => line !== '');
    await eventually(async () => (await lines()).length === 1, { what: 'the first', timeoutMs: 10_000 });
    raise('protobuf', () => Date.UTC(2026, 10, 25, 8))('b', { kind: 'dead', text: 'A job is dead.' });
    await eventually(async () => (await lines('--since', '7d')).length === 2, { what: 'both', timeoutMs: 10_000 });
    const [first = '', second = ''] = await lines('--since', '1h');
    const { atMs, ...rest } = JSON.parse(first);
    assert.deepEqual(rest, { kind: 'quota', provider: 'openai', keyId: '0123456789ab', text: 'Much was used.' });
    assert.ok(Math.abs(Date.now() - atMs) < hourMs);
    const dead = { atMs: Date.UTC(2026, 10, 25, 8), kind: 'dead', provider: '', keyId: '', text: 'A job is dead.' };
    assert.deepEqual(JSON.parse(second), dead);
    const table = (await alerts('--nats', nats.url)).stdout.trimEnd().split('\n');
    assert.match(table[0] ?? '', /^time \(UTC\) +kind +provider +key +what$/);
    assert.match(table[1] ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}quota +openai +0123456789ab {2}Much was used\.$/);
    assert.match(table[2] ?? '', /^2026-11-25 08:00:00 {2}dead +A job is dead\.$/);
    assert.equal(table.length, 3);
  });

  it('that are older than asked for are left out', async () => {
    const told = Date.now();
    await eventually(() => Date.now() - told > 1000, { what: 'a second to pass' });
    assert.match((await alerts('--since', '1s', '--nats', nats.url)).stdout, /^No alert since /);
  });

  it('are followed until Ctrl-C, which is no error; what is no alert is left out', async () => {
    const { child, output } = following('--json', '--nats', nats.url);
    const ended = once(child, 'exit');
    try {
      await eventually(() => output().includes('A job is dead.'), { what: 'what was kept', timeoutMs: 10_000 });
      bus.publish(eventSubject(meshTenant, 'alert'), new TextEncoder().encode('no alert'));
      raise('json')('c', { kind: 'price', provider: 'p', text: 'No price.' });
      await eventually(() => output().includes('No price.'), { what: 'what is new', timeoutMs: 10_000 });
      assert.ok(!output().includes('no alert'));
    } finally {
      child.kill('SIGINT');
    }
    assert.deepEqual(await ended, [0, null]);
    assert.ok(
      output()
        .split('\n')
        .filter(Boolean)
        .every((line) => JSON.parse(line).kind !== ''),
    );
  });

  it('cannot be had where NATS keeps no streams, which is said', async () => {
    const { command, env, prefix } = await findNats({ folder: partsFolder, env: process.env, say: () => undefined });
    const port = await freePort();
    const args = [...prefix, '-a', '127.0.0.1', '-p', `${port}`];
    const server = spawn(command, args, { stdio: 'ignore', env: { ...process.env, ...env } });
    const ended = once(server, 'exit');
    try {
      const bare = openBus({ url: `nats://127.0.0.1:${port}`, name: 'test', log: silentLog });
      await eventually(() => bare.connected);
      await bare.drain();
      const { status, stdout, stderr } = await alerts('--nats', `nats://127.0.0.1:${port}`);
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, /NATS keeps no alerts: JetStream is off there/);
    } finally {
      server.kill();
      await ended;
    }
  });

  it('cannot be had where NATS is away, or the command line is none', async () => {
    const away = await alerts('--nats', `nats://127.0.0.1:${await freePort()}`);
    assert.deepEqual([away.status, away.stdout], [1, '']);
    assert.match(away.stderr, /NATS does not answer/);
    assert.match((await alerts()).stderr, /no mesh runs in .*--nats URL/);
    for (const wrong of ['soon', '0h', '1w', '-1h']) {
      const { status, stderr } = await alerts(`--since=${wrong}`, '--nats', nats.url);
      assert.deepEqual([status, /--since takes a time such as/.test(stderr)], [2, true], wrong);
    }
  });
});
