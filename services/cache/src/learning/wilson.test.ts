import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wilson } from './wilson.ts';

const rounded = (count: number, of: number) => {
  const { low, high } = wilson(count, of);
  return [low, high].map((each) => Math.round(each * 1000) / 1000);
};

test('the interval is the one of the textbooks', () => {
  assert.deepEqual(rounded(1, 10), [0.018, 0.404]);
  assert.deepEqual(rounded(10, 100), [0.055, 0.174]);
});

test('it never leaves 0 to 1, and nothing counted is nothing known', () => {
  assert.deepEqual(rounded(0, 6), [0, 0.39]);
  assert.deepEqual(rounded(5, 5), [0.566, 1]);
  assert.deepEqual(rounded(0, 0), [0, 1]);
});
