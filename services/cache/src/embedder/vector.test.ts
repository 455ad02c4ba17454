import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cosine, nearest, toBytes, toVector } from './vector.ts';

const unit = (seed: number): Float32Array => {
  const vector = Float32Array.from({ length: 384 }, (_, i) => Math.sin(seed + i * i));
  const norm = Math.hypot(...vector);
  return vector.map((each) => each / norm);
};

test('a vector comes back from a view into a larger buffer, wherever it begins', () => {
  const vector = unit(1);
  const pool = Buffer.alloc(5000, 7);
  for (const at of [0, 1, 3, 1000]) {
    pool.set(toBytes(vector), at);
    assert.deepEqual(toVector(pool.subarray(at, at + 1536)), vector);
    assert.deepEqual(toVector(new Uint8Array(pool.buffer, pool.byteOffset + at, 1536)), vector);
  }
});

test('bytes that are not one vector’s are none', () => {
  assert.equal(toVector(Buffer.alloc(0)), undefined);
  assert.equal(toVector(Buffer.alloc(1535)), undefined);
  assert.equal(toVector(Buffer.alloc(3072)), undefined);
});

test('cosines are within -1 and 1, and what is no unit vector passes no threshold', () => {
  assert.ok(Math.abs(cosine(unit(1), unit(1)) - 1) < 1e-6 && cosine(unit(1), unit(1)) <= 1);
  assert.ok(cosine(unit(1), unit(2)) < 0.9);
  assert.ok(
    Number.isNaN(
      cosine(
        unit(1),
        unit(1).map((each) => each * 3),
      ),
    ),
  );
  assert.ok(Number.isNaN(cosine(unit(1), new Float32Array(3))));
});

test('the nearest come first, and what is no unit vector not at all', () => {
  const vectors = [2, 1, 3].map((seed) => ({ id: String(seed), vector: unit(seed) }));
  const long = { id: 'long', vector: unit(1).map((each) => each * 9) };
  assert.equal(nearest(unit(1), [...vectors, long], 2)[0], '1');
  assert.equal(nearest(unit(1), [...vectors, long], 2).length, 2);
  assert.deepEqual(nearest(unit(1), [long], 2), []);
});
