import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually } from '@refrain/testkit';
import { boundLogs } from './bound-logs.ts';
import { sizeOf } from './log-file.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'refrain-logs-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('a process that writes on and on fills no disk: its log is put aside and begun anew under it', async (t) => {
  const logs = folder(t);
  const file = join(logs, 'cache.log');
  const limit = 50_000;
  const log = openSync(file, 'a');
  // A thousand bytes at a time, numbered; each is written before the next.
  const endless = `
    const fs = require('node:fs');
    let n = 0;
    setInterval(() => fs.writeSync(1, String((n += 1)).padStart(8, '0').padEnd(999, '.') + '\\n'), 1);
  `;
  const child = spawn(process.execPath, ['-e', endless], { stdio: ['ignore', log, 'inherit'] });
  closeSync(log);
  const ended = once(child, 'exit');
  const stop = boundLogs(logs, { say: assert.fail, maximumBytes: limit, lookEveryMs: 20 });
  const numbers = (path: string) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (/^\d{8}\.+$/.test(line) ? Number(line.slice(0, 8)) : Number.NaN));
  const isGone = (number: number) => existsSync(`${file}.1`) && (numbers(`${file}.1`)[0] ?? 0) > number;
  try {
    await eventually(() => isGone(100) && numbers(file).length > 0, { what: 'a later rotation', timeoutMs: 20_000 });
  } finally {
    stop();
    child.kill('SIGKILL');
    await ended;
  }
  const [older, newer] = [numbers(`${file}.1`), numbers(file)];
  assert.ok(
    [...older, ...newer].every((number) => number > 100),
    'whole lines, no hole at the front, none of the first',
  );
  assert.ok(older.length * 1000 > limit && (older.at(-1) ?? 0) < (newer[0] ?? 0));
});

test('a short log and what is no log are left alone; one that cannot be shortened is told once, and the others are', async (t) => {
  const logs = folder(t);
  writeFileSync(join(logs, 'short.log'), 'short');
  writeFileSync(join(logs, 'other.txt'), 'x'.repeat(100));
  writeFileSync(join(logs, 'a-stuck.log'), 'x'.repeat(100));
  mkdirSync(join(logs, 'a-stuck.log.1'));
  writeFileSync(join(logs, 'long.log'), 'x'.repeat(100));
  const said: string[] = [];
  const stop = boundLogs(logs, { say: (line) => said.push(line), maximumBytes: 50, lookEveryMs: 1 });
  t.after(stop);
  const isShort = (name: string) => sizeOf(join(logs, name)) === 0;
  await eventually(() => isShort('long.log'), { what: 'the long log to be shortened' });
  // Another round: the stuck one was looked at again.
  writeFileSync(join(logs, 'long.log'), 'y'.repeat(100));
  await eventually(() => isShort('long.log'), { what: 'the long log to be shortened again' });
  assert.deepEqual(
    ['short.log', 'other.txt', 'a-stuck.log', 'long.log.1'].map((name) => sizeOf(join(logs, name))),
    [5, 100, 100, 100],
  );
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /^the log a-stuck\.log grows: E/);
});

test('a folder that is removed under it is made again, and one that cannot be is told once', async (t) => {
  const logs = join(folder(t), 'logs');
  const said: string[] = [];
  const stop = boundLogs(logs, { say: (line) => said.push(line), lookEveryMs: 1 });
  t.after(stop);
  await eventually(() => existsSync(logs), { what: 'the folder' });
  assert.equal(said.length, 0);
  rmSync(logs, { recursive: true });
  await eventually(() => existsSync(logs), { what: 'the folder again' });
  stop();
  rmSync(logs, { recursive: true });
  writeFileSync(logs, 'no folder');
  t.after(boundLogs(logs, { say: (line) => said.push(line), lookEveryMs: 1 }));
  await eventually(() => said.length > 0, { what: 'a word' });
  assert.match(said[0] ?? '', /^the logs cannot be bounded: E/);
});
