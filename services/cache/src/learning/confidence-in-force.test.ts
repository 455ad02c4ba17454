import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confidenceInForce } from './confidence-in-force.ts';
import { type Binned, binOf, bins, Evidence, lowerEdge } from './evidence.ts';

const shipped = 0.5;
const budget = 0.01;

/** Counters of a partition: `at` says for a confidence what was counted there. */
function evidence(lookups: number, at: Readonly<Record<number, Partial<Record<Binned, number>>>>): Evidence {
  const counts = new Map([['lookups', lookups]]);
  for (const [confidence, counted] of Object.entries(at)) {
    for (const [name, count] of Object.entries(counted)) counts.set(`${name}:${binOf(Number(confidence))}`, count);
  }
  return new Evidence(counts);
}
const inForce = (known: Evidence) => confidenceInForce(known, shipped, budget);

test('bins cover every confidence, and each begins where it says', () => {
  for (let bin = 1; bin < bins; bin += 1) assert.equal(binOf(lowerEdge(bin) + 1e-9), bin);
  assert.deepEqual([binOf(0), binOf(1)], [0, bins - 1]);
});

test('without evidence, or with right hits alone, it is what shipped', () => {
  assert.equal(inForce(new Evidence()), shipped);
  assert.equal(inForce(evidence(1000, { 0.7: { hits: 300, exposed: 300, judged: 50, sampled: 50 } })), shipped);
});

test('one wrong hit among many that nobody complained of moves nothing', () => {
  assert.equal(inForce(evidence(1000, { 0.7: { hits: 300, exposed: 300, judged: 1, wrong: 1 } })), shipped);
});

test('one mistake alone condemns no partition, a second at once does', () => {
  const told = (wrong: number) => evidence(wrong, { 0.7: { hits: wrong, exposed: wrong, judged: wrong, wrong } });
  assert.equal(inForce(told(1)), shipped);
  assert.ok(inForce(told(2)) > 0.7);
});

test('wrong hits beyond doubt move it just above the confidences they had', () => {
  const known = evidence(1000, {
    0.6: { hits: 200, exposed: 200, judged: 30, wrong: 30 },
    0.9: { hits: 200, exposed: 200, judged: 10, wrong: 0 },
  });
  const moved = inForce(known);
  assert.ok(moved > 0.6 && moved <= 0.9, String(moved));
});

test('a sample tells more than complaints: few of many judged, and too many of them wrong', () => {
  const told = { hits: 300, exposed: 300, judged: 30, wrong: 3 };
  assert.equal(inForce(evidence(1000, { 0.7: told })), shipped);
  assert.ok(inForce(evidence(1000, { 0.7: { ...told, sampled: 30, sampledWrong: 3 } })) > 0.7);
});

test('a partition that is rarely hit may be wrong in more of its hits: the budget is over lookups', () => {
  const hits = { hits: 40, exposed: 40, judged: 40, wrong: 4, sampled: 40, sampledWrong: 4 };
  assert.ok(inForce(evidence(100, { 0.7: hits })) > 0.7);
  assert.equal(inForce(evidence(1000, { 0.7: hits })), shipped);
});

test('lookups alone do not loosen it: what would have been hit is counted with them', () => {
  const once = { hits: 100, exposed: 100, judged: 20, wrong: 20 };
  const tight = inForce(evidence(500, { 0.6: once }));
  assert.equal(inForce(evidence(50_000, { 0.6: { ...once, hits: 10_000 } })), tight);
  assert.ok(tight > 0.6);
});

test('right hits that were judged in the shadow loosen it again, never below what shipped', () => {
  const was = { hits: 150, exposed: 100, judged: 20, wrong: 3, sampled: 20, sampledWrong: 3 };
  assert.ok(inForce(evidence(1000, { 0.6: was })) > 0.6);
  const since = { ...was, exposed: 500, judged: 420, sampled: 420 };
  assert.equal(inForce(evidence(1000, { 0.6: since })), shipped);
});

test('where even the surest hits are wrong, none is served', () => {
  assert.equal(inForce(evidence(100, { 0.9999: { hits: 50, exposed: 50, judged: 30, wrong: 30 } })), 1);
});

test('whatever was counted, it is never below what shipped, and one more wrong verdict never loosens it', () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  for (let round = 0; round < 500; round += 1) {
    const at: Record<number, Record<Binned, number>> = {};
    for (const confidence of [0.3, 0.55, 0.7, 0.9, 0.99]) {
      const hits = random(200);
      const sampled = random(hits + 1);
      const sampledWrong = random(sampled + 1) % 4;
      const judged = sampled + random(10);
      at[confidence] = { hits, exposed: hits, sampled, sampledWrong, judged, wrong: sampledWrong + random(3) };
    }
    const lookups = 1000 + random(3000);
    const before = inForce(evidence(lookups, at));
    assert.ok(before >= shipped && before <= 1);
    const more = at[[0.55, 0.7, 0.9, 0.99][random(4)] ?? 0.7];
    assert.ok(more);
    for (const name of ['judged', 'wrong', 'sampled', 'sampledWrong'] as const) more[name] += 1;
    assert.ok(inForce(evidence(lookups, at)) >= before, JSON.stringify(at));
  }
});
