import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LastRefusal, toRefusal } from './refusal.ts';

test('a refusal of the server is told in words, a reply about one command is none', () => {
  const misconf = new Error(
    'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist on disk.',
  );
  assert.match(String(toRefusal(misconf)), /disk/);
  const inScript = new Error("OOM command not allowed when used memory > 'maxmemory'. script: 1a, on @user_script:3.");
  assert.match(String(toRefusal(inScript)), /memory/);
  assert.match(String(toRefusal(new Error('ERR Error running script: -READONLY You can’t write'))), /replica/);
  assert.equal(toRefusal(new Error('WRONGTYPE Operation against a key holding the wrong kind of value')), undefined);
  assert.equal(toRefusal('OOM '), undefined);
});

test('a refusal is news once, and over a minute after the last', () => {
  let now = 0;
  const last = new LastRefusal(() => now);
  assert.equal(last.why, '');
  assert.equal(last.note('full'), true);
  now = 50_000;
  assert.equal(last.note('full'), false);
  assert.equal(last.note('replica'), true);
  now = 109_999;
  assert.equal(last.why, 'replica');
  now = 110_000;
  assert.equal(last.why, '');
  assert.equal(last.note('replica'), true);
});
