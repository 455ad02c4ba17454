import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prompt } from './payload.ts';
import { createQuestions, distinctKeys } from './questions.ts';

test('known questions are a thousand different ones, in turn', () => {
  const { known } = createQuestions();
  const first = Array.from({ length: distinctKeys }, known);
  assert.equal(new Set(first).size, distinctKeys);
  assert.equal(known(), first[0]);
});

test('reworded questions differ from each other and from the known ones, in a word and in spaces', () => {
  const { reworded } = createQuestions();
  const all = Array.from({ length: 3 * distinctKeys }, reworded);
  assert.equal(new Set(all).size, all.length);
  for (const [i, text] of all.entries()) {
    const original = prompt(i % distinctKeys);
    assert.notEqual(text, original);
    assert.equal(text.replace(/ +/g, ' '), original.replace('anybody', 'anyone'));
  }
});

test('fresh questions are new', () => {
  const { fresh, known } = createQuestions();
  const all = [...Array.from({ length: 20_000 }, fresh), ...Array.from({ length: distinctKeys }, known)];
  assert.equal(new Set(all).size, all.length);
});
