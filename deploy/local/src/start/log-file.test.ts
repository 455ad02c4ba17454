import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { lastWords, rotateLog, sizeOf } from './log-file.ts';

function logWith(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'x.log');
  writeFileSync(file, text);
  return file;
}

test('last words are what tells why: plain lines and logged errors, without stacks and without what came before', (t) => {
  const before = 'an earlier process\n';
  const file = logWith(
    t,
    [
      `${before}{"level":"info","msg":"ready"}`,
      '{"level":"error","msg":"unhandled rejection","err":{"message":"no luck"}}',
      'cache: could not start: listen EADDRINUSE',
      '    at Server.listen (node:net:1:1)',
      '',
    ].join('\n'),
  );
  assert.deepEqual(lastWords(file, before.length), [
    'unhandled rejection: no luck',
    'cache: could not start: listen EADDRINUSE',
  ]);
});

test('where nothing tells why, the last lines stand for themselves; a silent process has none', (t) => {
  const file = logWith(t, '{"level":"info","msg":"ready"}\n');
  assert.deepEqual(lastWords(file, 0), ['{"level":"info","msg":"ready"}']);
  assert.deepEqual(lastWords(file, sizeOf(file)), []);
  assert.deepEqual(lastWords(`${file}.none`, 0), []);
});

test('a log that was begun anew under its process is read from its front', (t) => {
  const file = logWith(t, 'no luck\n');
  assert.deepEqual(lastWords(file, 1_000_000), ['no luck']);
});

test('the log of the start before is kept', (t) => {
  const file = logWith(t, 'before\n');
  rotateLog(file);
  rotateLog(file);
  assert.equal(readFileSync(`${file}.1`, 'utf8'), 'before\n');
  assert.equal(sizeOf(file), 0);
});
