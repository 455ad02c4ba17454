import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateTrees, sigmoid } from '@refrain/judgement';
import { boost } from './boost.ts';
import { foldsOf } from './folds.ts';
import { Random } from './random.ts';

const options = { trees: 40, leaves: 6, rate: 0.3, leastWeight: 4, ridge: 1, rowShare: 1, columnShare: 1, seed: 1 };

function sample(count: number): { rows: Float64Array[]; labels: number[] } {
  const random = new Random(3);
  const rows = Array.from({ length: count }, () => Float64Array.from([random.next(), random.next(), random.next()]));
  // "One of the two, not both": no single feature tells anything.
  return { rows, labels: rows.map(([x = 0, y = 0]) => (x > 0.5 !== y > 0.5 ? 1 : 0)) };
}

test('a question that no feature answers alone is learnt', () => {
  const { rows, labels } = sample(800);
  const { bias, trees } = boost(rows, labels, new Float64Array(800).fill(1), options);
  const model = { features: ['x', 'y', 'noise'], bias, trees };
  const right = rows.filter((row, i) => sigmoid(evaluateTrees(model, row)) > 0.5 === (labels[i] === 1)).length;
  assert.ok(right / 800 > 0.97, `${right} of 800`);
});

test('one feature, one step: the leaf is the closed form of the first Newton step', () => {
  const rows = [0, 0, 1, 1].map((x) => Float64Array.from([x]));
  const { bias, trees } = boost(rows, [0, 0, 1, 1], [1, 1, 1, 1], {
    ...options,
    trees: 1,
    leaves: 2,
    rate: 1,
    leastWeight: 1,
  });
  assert.equal(bias, 0);
  // Gradient of the two on the right: 2 * (1 - 1/2); hessian 2 * 1/4; ridge 1.
  assert.equal(evaluateTrees({ features: ['x'], bias, trees }, [1]), Number((1 / 1.5).toPrecision(4)));
});

test('a monotone feature never speaks the other way', () => {
  const random = new Random(5);
  const rows = Array.from({ length: 400 }, () => Float64Array.from([random.next()]));
  const labels = rows.map(([x = 0]) => (random.next() < Math.abs(x - 0.6) ? 1 : 0));
  const { bias, trees } = boost(rows, labels, new Float64Array(400).fill(1), { ...options, monotone: [1] });
  const values = Array.from({ length: 50 }, (_, i) => evaluateTrees({ features: ['x'], bias, trees }, [i / 50]));
  assert.deepEqual(
    values,
    [...values].sort((a, b) => a - b),
  );
});

test('the same seed gives the same trees', () => {
  const { rows, labels } = sample(300);
  const weights = new Float64Array(300).fill(1);
  const partial = { ...options, trees: 5, rowShare: 0.6, columnShare: 0.7 };
  assert.deepEqual(boost(rows, labels, weights, partial), boost(rows, labels, weights, partial));
});

test('pairs that share a text stand in one fold', () => {
  const folds = foldsOf(
    [
      { a: 'A b', b: 'c' },
      { a: 'x', b: 'y' },
      { a: 'c!', b: 'd' },
      { a: 'D', b: 'e' },
    ],
    50,
    9,
  );
  assert.equal(new Set([folds[0], folds[2], folds[3]]).size, 1);
});
