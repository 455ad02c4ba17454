import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullJitter } from './jitter.ts';

test('the longest pause doubles with every attempt until it reaches its bound', () => {
  const longest = [0, 1, 2, 3, 4, 5, 2000].map((attempt) => fullJitter(attempt, 100, 1000, () => 1));
  assert.deepEqual(longest, [100, 200, 400, 800, 1000, 1000, 1000]);
});

test('the pause lies anywhere between nothing and the longest', () => {
  assert.deepEqual(
    [0, 0.25, 0.5].map((chance) => fullJitter(3, 100, 1000, () => chance)),
    [0, 200, 400],
  );
});
