import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admissionClass, embeddedForm, languageOf } from '@refrain/judgement';
import { dimensions } from '../limits/embedder.ts';
import { baseTexts, entries, filler, hits, misses, toRecord } from './corpus.ts';

const base = baseTexts().map((question, n) => {
  const vector = Float32Array.from({ length: dimensions }, (_, i) => Math.sin(n * 7 + i * i));
  const norm = Math.hypot(...vector);
  return { question, vector: vector.map((each) => each / norm) };
});

test('no two of the questions are embedded alike, and none that is asked is stored as it is asked', () => {
  const stored = [...baseTexts(), ...Array.from({ length: 20_000 }, (_, i) => filler(base.length + i))].map(
    embeddedForm,
  );
  assert.equal(new Set(stored).size, stored.length);
  const known = new Set(stored);
  for (const asked of [...hits(), ...misses()]) assert.ok(!known.has(embeddedForm(asked)), asked);
});

test('all of them are of one language and may be answered by meaning', () => {
  for (const question of [
    ...hits(),
    ...misses(),
    ...baseTexts(),
    ...Array.from({ length: 100 }, (_, i) => filler(9000 + i)),
  ]) {
    assert.equal(languageOf(question), 'en', question);
    assert.notEqual(admissionClass(question).label, 'skip', question);
  }
});

test('a partition has as many entries as asked for, each with a vector of length 1, the same every time', () => {
  const some = [...entries(1200, base)];
  assert.equal(some.length, 1200);
  for (const { vector } of some) assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-5);
  assert.deepEqual([...entries(1200, base)].at(-1), some.at(-1));
  assert.equal([...entries(5, base)].length, 5);
});

test('a record is half a hash and the vector', () => {
  const [first] = base;
  assert.ok(first);
  const record = toRecord(first);
  assert.equal(record.length, 16 + dimensions * 4);
  assert.equal(record.readFloatLE(16), first.vector[0]);
});
