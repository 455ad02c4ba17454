import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countOf, objectOf, parseObject, tryParse } from './json.ts';

test('a count is a whole number that fits a message, or nothing', () => {
  assert.equal(countOf(7), 7);
  assert.equal(countOf(7.6), 8);
  for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e12, '7', null, undefined, {}])
    assert.equal(countOf(value), undefined);
});

test('a list, null or a text is no object', () => {
  for (const value of [[], null, 'a', 7, undefined]) assert.deepEqual(objectOf(value), {});
  for (const text of ['[]', 'null', '"a"', '{', '']) assert.throws(() => parseObject(text), { code: 'upstream' });
  assert.equal(tryParse('<html>'), undefined);
});
