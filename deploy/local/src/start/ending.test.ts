import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ConfigError } from '@refrain/service';
import { endOnSignals, exitCodeOf, StopAsked, toWords } from './ending.ts';
import { ProcessEnded } from './process-ended.ts';

const events = ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const;

function listening(t: TestContext) {
  const before = new Map(events.map((name) => [name, process.listeners(name as 'SIGINT')]));
  const end = new AbortController();
  let forced = 0;
  endOnSignals(end, () => {
    forced += 1;
  });
  t.after(() => {
    for (const name of events) {
      const added = process.listeners(name as 'SIGINT').filter((each) => !before.get(name)?.includes(each));
      for (const listener of added) process.off(name, listener);
    }
  });
  return { end, forced: () => forced };
}

test('the first signal asks for the end, the second forces it', (t) => {
  const { end, forced } = listening(t);
  process.emit('SIGINT', 'SIGINT');
  assert.ok(end.signal.reason instanceof StopAsked);
  assert.equal(forced(), 0);
  process.emit('SIGINT', 'SIGINT');
  assert.equal(forced(), 1);
});

test('the end of the supervisor asks for the end and never forces it', (t) => {
  const { end, forced } = listening(t);
  process.emit('SIGTERM', 'SIGTERM');
  process.emit('disconnect');
  assert.ok(end.signal.aborted);
  assert.equal(forced(), 0);
});

test('an end that was asked for is no failure; a wrong configuration is told from other faults', () => {
  const ended = (isFinal: boolean) => new ProcessEnded('cache', 'exit code', { words: [], isFinal });
  const reasons = [new StopAsked('SIGTERM'), new ConfigError('x', []), ended(true), ended(false), new Error('no')];
  assert.deepEqual(reasons.map(exitCodeOf), [0, 78, 78, 1, 1]);
});

test('a fault of ours shows its stack, one of the world a sentence', () => {
  assert.equal(toWords(new Error('no room')), 'no room');
  assert.match(toWords(new TypeError('x is undefined')), /TypeError: x is undefined\n +at /);
});

test('a disk that is full, or read-only and so said to be missing, is told with what to do about it', () => {
  const fault = (code: string) =>
    Object.assign(new Error(`${code}: mkdir`), { code, path: '/x/logs', syscall: 'mkdir' });
  assert.match(toWords(fault('ENOENT')), /^ENOENT: mkdir; set REFRAIN_HOME .*read-only/);
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  assert.match(toWords(full), /; the disk is full: make room, or set REFRAIN_HOME/);
  const missing = Object.assign(new Error('ENOENT: open'), { code: 'ENOENT', path: '/x/model', syscall: 'open' });
  assert.equal(toWords(missing), 'ENOENT: open');
});

test('a folder that may not be written to is told with what to do about it', () => {
  const denied = Object.assign(new Error("EACCES: permission denied, mkdir '/x'"), { code: 'EACCES', path: '/x' });
  assert.match(
    toWords(denied),
    /^EACCES: permission denied, mkdir '\/x'; set REFRAIN_HOME to a folder that this user may write to/,
  );
});
