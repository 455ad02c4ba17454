import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBenchArguments } from './arguments.ts';

test('all suites in three rounds unless something else is asked for', () => {
  const preset = { suite: 'all', json: false, rounds: 3, seconds: undefined, only: undefined };
  assert.deepEqual(readBenchArguments([]), preset);
  const asked = ['cache', '--json', '--rounds', '1', '--seconds', '0.5', '--only', 'a,b'];
  assert.deepEqual(readBenchArguments(asked), { suite: 'cache', json: true, rounds: 1, seconds: 0.5, only: 'a,b' });
  assert.equal(readBenchArguments(['--help']), 'help');
});

test('what makes no sense is refused before anything starts, with what would', () => {
  assert.throws(() => readBenchArguments(['fast']), /no suite fast; there are all, limits.*cache/);
  assert.throws(() => readBenchArguments(['miss', 'exact']), /one suite a run/);
  assert.throws(() => readBenchArguments(['--rounds', 'many']), /--rounds takes a positive number, not many/);
  assert.throws(() => readBenchArguments(['--rounds', '1.5']), /--rounds/);
  assert.throws(() => readBenchArguments(['--seconds', '0']), /--seconds/);
  assert.throws(() => readBenchArguments(['--bogus']), /--bogus/);
});
