import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readArguments } from './arguments.ts';

test('one router unless more are asked for', () => {
  assert.deepEqual(readArguments([]), { routers: 1 });
  assert.deepEqual(readArguments(['--routers', '3']), { routers: 3 });
  assert.deepEqual(readArguments(['--routers=20']), { routers: 20 });
  assert.equal(readArguments(['--help']), 'help');
});

test('what makes no sense is refused', () => {
  for (const args of [['--routers', '0'], ['--routers', '21'], ['--routers', '2x'], ['--router', '2'], ['3']]) {
    assert.throws(() => readArguments(args), { name: 'Error' }, args.join(' '));
  }
});

test('an option nobody knows is named, with those that there are', () => {
  assert.throws(() => readArguments(['--router', '2']), /'--router'[\s\S]*--routers N/);
});
