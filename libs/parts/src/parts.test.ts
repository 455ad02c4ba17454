import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from './free-port.ts';
import { installWheel } from './pip.ts';
import { startPart } from './start-part.ts';
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

test('a wheel with another checksum is refused and leaves nothing behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'refrain-parts-'));
  const wheel = { name: 'six', version: '1.16.0', sha256: ['0'.repeat(64)] };
  await assert.rejects(installWheel(wheel, join(folder, 'six')));
  await assert.rejects(import('node:fs/promises').then(({ access }) => access(join(folder, 'six'))));
  await rm(folder, { recursive: true });
});
