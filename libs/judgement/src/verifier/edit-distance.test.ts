import assert from 'node:assert/strict';
import { test } from 'node:test';
import { editDistance } from './edit-distance.ts';

/** By the definition, without a table. */
function byDefinition(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const [x, y] = [a.slice(1), b.slice(1)];
  const edits = [byDefinition(x, b) + 1, byDefinition(a, y) + 1, byDefinition(x, y) + (a[0] === b[0] ? 0 : 1)];
  if (a.length > 1 && b.length > 1 && a[0] === b[1] && a[1] === b[0])
    edits.push(byDefinition(a.slice(2), b.slice(2)) + 1);
  return Math.min(...edits);
}

test('the distance is that of its definition up to the limit, whatever was compared before', () => {
  const words = ['', 'a', 'ab', 'ba', 'abc', 'acb', 'bca', 'abcd', 'badc', 'xabd', 'cdab'];
  for (const a of words) {
    for (const b of words) {
      const distance = byDefinition(a, b);
      for (const limit of [1, 2, 3, 9]) assert.equal(editDistance(a, b, limit), Math.min(limit, distance), `${a} ${b}`);
    }
  }
});

test('words of any length are counted: three hundred letters are three hundred edits from three hundred others', () => {
  const [long, other] = ['a'.repeat(300), 'b'.repeat(300)];
  assert.equal(editDistance(long, other, 400), 300);
  assert.equal(editDistance(long, `${long}b`, 400), 1);
  assert.equal(editDistance('ab', 'ba', 3), 1);
});
