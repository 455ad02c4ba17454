import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownVectors } from './known-vectors.ts';

const vector = new Float32Array([1]);
const nameOf = (id: string) => `name of ${id}`;

/** A source that has `a` and `b`, and writes down what it was asked. */
function source() {
  const asked: (readonly string[])[] = [];
  const read = async (ids: readonly string[]) => {
    asked.push(ids);
    return ids.map((id) => (['a', 'b'].includes(id) ? { vector } : undefined));
  };
  return { asked, nameOf, read };
}

test('askers of one partition at the same moment read each vector once, and get those that are there', async () => {
  const known = new KnownVectors();
  const from = source();
  const found = await Promise.all([known.of('p', ['a', 'gone'], from), known.of('p', ['a', 'b'], from)]);
  assert.deepEqual(
    found.map((vectors) => vectors.map(({ id }) => id)),
    [['a'], ['a', 'b']],
  );
  assert.deepEqual(from.asked, [['a', 'gone'], ['b']]);
});

test('who waits behind a reading that failed reads for itself', async () => {
  const known = new KnownVectors();
  const from = source();
  const failing = known.of('p', ['a'], { nameOf, read: () => Promise.reject(new Error('away')) });
  const behind = known.of('p', ['a'], from);
  await assert.rejects(failing, { message: 'away' });
  assert.deepEqual(await behind, [{ id: 'a', vector }]);
});

test('what was let go is read again', async () => {
  const known = new KnownVectors();
  const from = source();
  await known.of('p', ['a', 'b'], from);
  known.delete(nameOf('a'));
  await known.of('p', ['a', 'b'], from);
  known.clear();
  await known.of('p', ['a', 'b'], from);
  assert.deepEqual(from.asked, [['a', 'b'], ['a'], ['a', 'b']]);
});
