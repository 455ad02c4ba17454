/** A server that refuses: what its users may do changes, and so do their passwords. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { findNats, freePort, type RunningPart, startNats } from '@refrain/parts';
import { eventually, partsFolder, silentLog } from '@refrain/testkit';
import { type Bus, openBus } from '../src/index.ts';

let nats: RunningPart;
let folder: string;
let port: number;
/** The server's own settings, without users. */
let settings: string;
const bytes = new Uint8Array([1]);
const logFile = () => join(folder, 'nats.log');

/** Takes effect at once: the server looks whose connections may stay. */
async function allow(user: string): Promise<void> {
  await writeFile(join(folder, 'nats.conf'), `${settings}\nauthorization { users = [ ${user} ] }\n`);
  nats.signal('SIGHUP');
}

/** How often the server has sent somebody away. */
async function refusedByServer(): Promise<number> {
  return (await readFile(logFile(), 'utf8')).split('authentication error').length - 1;
}

/** A log whose lines of words and fields can be read. */
function heard() {
  const lines: { message: string; fields: Record<string, unknown> }[] = [];
  const note = (fields: object, message: string) => lines.push({ message, fields: fields as Record<string, unknown> });
  return { lines, log: { ...silentLog, warn: note, error: note } };
}

/** The service whose password is two. It leaves with its test. */
function arrive(t: TestContext, log: typeof silentLog): Bus {
  const bus = openBus({ url: `nats://mesh:two@127.0.0.1:${port}`, name: 'test', log });
  t.after(() => bus.drain());
  return bus;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refrain-nats-users-'));
  port = await freePort();
  const launch = await findNats({ folder: partsFolder, env: process.env, say: () => undefined });
  nats = await startNats({ launch, folder, port, logFile: logFile() });
  settings = await readFile(join(folder, 'nats.conf'), 'utf8');
  await allow('{ user: mesh, password: one }');
});
after(async () => {
  await nats?.stop();
  await rm(folder, { recursive: true });
});

test('a service whose password is refused says why, and is there once it is let in', async (t) => {
  const { lines, log } = heard();
  const bus = arrive(t, log);
  await eventually(() => lines.length > 0, { what: 'a word about it' });
  assert.match(lines[0]?.message ?? '', /nats refuses the connection/);
  assert.match(String(lines[0]?.fields.err), /Authorization/);
  await allow('{ user: mesh, password: two }');
  await eventually(() => bus.connected, { what: 'the connection' });
});

test('a password that changes under a running service and back again does not end it', async (t) => {
  const { lines, log } = heard();
  await allow('{ user: mesh, password: two }');
  const bus = arrive(t, log);
  await eventually(() => bus.connected, { what: 'the connection' });
  await allow('{ user: mesh, password: three }');
  const refused = () => lines.filter(({ message }) => message === 'nats refuses').length;
  await eventually(() => refused() > 0, { what: 'the refusal' });
  // The client of its own would bear two.
  const before = await refusedByServer();
  await eventually(async () => (await refusedByServer()) >= before + 3, { what: 'three more refusals' });
  assert.equal(refused(), 1);
  await allow('{ user: mesh, password: two }');
  await eventually(() => bus.connected, { what: 'the connection to be back' });
});

test('what a user may not publish is told once, without ids', async (t) => {
  const { lines, log } = heard();
  await allow('{ user: mesh, password: two, permissions: { publish: "allowed.>" } }');
  const bus = arrive(t, log);
  await eventually(() => bus.connected, { what: 'the connection' });
  for (const id of ['a', 'b', 'c']) bus.publish(`refrain.v1.work.one.${id}`, bytes);
  bus.publish('refrain.v1.events.acme.alert', bytes);
  await eventually(() => lines.length >= 2, { what: 'two refusals' });
  const told = lines.filter(({ message }) => message === 'nats refuses');
  assert.deepEqual(
    told.map(({ fields }) => [fields.operation, fields.subject]),
    [
      ['publish', 'refrain.v1.work.one'],
      ['publish', 'refrain.v1.events.acme'],
    ],
  );
});
