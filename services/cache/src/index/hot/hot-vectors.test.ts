import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { dimensions } from '../../embedder/model.ts';
import { nearest, type Vector } from '../../embedder/vector.ts';
import { HotVectors, loadGraphs, type MakeGraph } from './hot-vectors.ts';

let makeGraph: MakeGraph;
before(async () => {
  makeGraph = await loadGraphs();
});

/** Unit vectors around a few dozen centres, as questions lie; always the same ones. */
function* vectors(): Generator<Vector> {
  let seed = 7;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647 - 0.5;
  };
  const make = () => Float32Array.from({ length: dimensions }, random);
  const centres = Array.from({ length: 40 }, make);
  for (let i = 0; ; i += 1) {
    const own = make();
    const centre = centres[i % centres.length] ?? own;
    const sum = own.map((each, at) => each * 0.7 + (centre[at] ?? 0));
    const norm = Math.hypot(...sum);
    yield { id: `${i}`.padStart(32, '0'), vector: sum.map((each) => each / norm) };
  }
}

/** The share of the five nearest that are found, over fifty questions. */
function recall(hot: HotVectors, all: readonly Vector[], questions: readonly Vector[]): number {
  let found = 0;
  for (const { vector } of questions) {
    const ids = hot.nearest(vector, 5);
    found += nearest(vector, all, 5).filter((id) => ids.includes(id)).length;
  }
  return found / (questions.length * 5);
}

test('after everything was replaced three times, the nearest are found as well as before', () => {
  const source = vectors();
  const take = (count: number) => Array.from({ length: count }, () => source.next().value as Vector);
  const questions = take(50);
  const hot = new HotVectors(makeGraph);
  let all = take(1500);
  for (const { id, vector } of all) hot.add(id, vector);
  assert.ok(recall(hot, all, questions) > 0.95);
  for (let round = 0; round < 3; round += 1) {
    const next = take(all.length);
    for (const [i, { id, vector }] of next.entries()) {
      hot.remove(all[i]?.id ?? '');
      hot.add(id, vector);
    }
    all = next;
  }
  assert.equal(hot.size, all.length);
  assert.ok(recall(hot, all, questions) > 0.95);
});

test('what was removed is not found, nor what never was a unit vector', () => {
  const source = vectors();
  const [a, b] = [source.next().value as Vector, source.next().value as Vector];
  const hot = new HotVectors(makeGraph);
  assert.deepEqual(hot.nearest(a.vector, 5), []);
  hot.add(a.id, a.vector);
  hot.add(a.id, b.vector);
  hot.add('nonsense', new Float32Array(dimensions).fill(Number.NaN));
  hot.add('long', new Float32Array(dimensions).fill(1));
  hot.add(b.id, b.vector);
  assert.deepEqual([hot.nearest(b.vector, 5), hot.size], [[b.id, a.id], 2]);
  hot.remove(b.id);
  hot.remove(b.id);
  assert.deepEqual(hot.nearest(b.vector, 5), [a.id]);
  hot.remove(a.id);
  assert.deepEqual([hot.nearest(b.vector, 5), hot.size], [[], 0]);
});

test('a search that was made ahead is not made again, unless something came or went, and then it is', () => {
  const [first, second, asked] = [...vectors().take(3)] as [Vector, Vector, Vector];
  const hot = new HotVectors(makeGraph);
  hot.add(first.id, first.vector);
  const guess = hot.guess(asked.vector, 5);
  assert.equal(hot.nearest(asked.vector, 5), guess);
  assert.notEqual(hot.nearest(asked.vector, 5), guess, 'only once');
  const ahead = hot.guess(asked.vector, 5);
  hot.add(second.id, second.vector);
  assert.deepEqual([...hot.nearest(asked.vector, 5)].sort(), [first.id, second.id].sort());
  assert.deepEqual(ahead, [first.id]);
  hot.guess(asked.vector, 5);
  hot.remove(first.id);
  assert.deepEqual(hot.nearest(asked.vector, 5), [second.id]);
  hot.guess(asked.vector, 1);
  hot.add(first.id, first.vector);
  assert.equal(hot.nearest(asked.vector, 5).length, 2);
});
