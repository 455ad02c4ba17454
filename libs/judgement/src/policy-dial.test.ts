import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Complexity } from '@refrain/contracts';
import { goodEnoughRank, needOf, orderByDial } from './policy-dial.ts';

const candidates = [
  { name: 'strong', rank: 5, nanoUsd: 900n },
  { name: 'stronger-for-less', rank: 5, nanoUsd: 700n },
  { name: 'fair', rank: 4, nanoUsd: 80n },
  { name: 'small', rank: 1, nanoUsd: 0n },
  { name: 'unpriced', rank: 4, nanoUsd: undefined },
];
const order = (dial: number, need: number) => orderByDial(candidates, dial, need).map(({ name }) => name);

test('at 0 price alone counts, and an unknown price is the dearest', () => {
  for (const need of [0, 0.5, 1]) {
    assert.deepEqual(order(0, need), ['small', 'fair', 'stronger-for-less', 'strong', 'unpriced']);
  }
});

test('at 1 the best comes first, the cheaper of two alike before the dearer', () => {
  for (const need of [0, 0.5, 1]) {
    assert.deepEqual(order(1, need), ['stronger-for-less', 'strong', 'fair', 'unpriced', 'small']);
  }
});

test('between them the cheapest that is good enough comes first, and those that are not come last', () => {
  assert.deepEqual(order(0.5, 0.6), ['fair', 'stronger-for-less', 'strong', 'unpriced', 'small']);
});

test('turned up, or asked for more, the first choice never gets worse', () => {
  const rankOfFirst = (dial: number, need: number) => orderByDial(candidates, dial, need)[0]?.rank ?? 0;
  const steps = Array.from({ length: 21 }, (_, i) => i / 20);
  for (const fixed of steps) {
    for (const [i, step] of steps.entries()) {
      const before = steps[Math.max(0, i - 1)] ?? 0;
      assert.ok(rankOfFirst(step, fixed) >= rankOfFirst(before, fixed));
      assert.ok(rankOfFirst(fixed, step) >= rankOfFirst(fixed, before));
    }
  }
  assert.deepEqual([goodEnoughRank(0, 1), goodEnoughRank(0.5, 0.5), goodEnoughRank(1, 0)], [1, 3, 5]);
});

test('the need is what the classifier tells; where it tells none the class stands for it', () => {
  assert.equal(needOf({ complexity: Complexity.SIMPLE, need: 0.93 }), 0.93);
  const byClass = [Complexity.SIMPLE, Complexity.MEDIUM, Complexity.COMPLEX].map((complexity) =>
    needOf({ complexity, need: 0 }),
  );
  assert.deepEqual(byClass, [...byClass].sort());
  assert.ok(byClass.every((need) => need > 0 && need < 1));
});
