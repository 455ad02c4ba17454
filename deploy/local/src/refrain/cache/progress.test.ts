import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createProgress } from './progress.ts';

function written(isTTY: boolean): string {
  let text = '';
  let nowMs = 0;
  const progress = createProgress({ isTTY, write: (more) => (text += more) }, () => nowMs);
  for (const [ms, line] of [
    [0, 'one'],
    [50, 'two'],
    [1000, 'three'],
    [3000, 'four'],
  ] as const) {
    nowMs = ms;
    progress.show(line);
  }
  progress.end('done');
  return text;
}

test('on a terminal one line is written over', () => {
  const line = (text: string) => `\r\x1b[2K${text}`;
  assert.equal(written(true), `${line('one')}${line('three')}${line('four')}${line('done')}\n`);
});

test('elsewhere a line is written now and then, without control characters', () => {
  assert.equal(written(false), 'one\nfour\ndone\n');
});
