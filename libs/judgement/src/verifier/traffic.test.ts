import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ClassificationSchema, Task } from '@refrain/contracts';
import { judge } from './judge.ts';
import { Traffic } from './traffic.ts';
import { createVerifier } from './verify.ts';

/** Probabilities as the verifier gives them, of questions of which that share is asked again; the same with each call. */
function probabilities(share: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const isRepeat = (i * 0.618034) % 1 < share;
    return isRepeat ? 0.5 + 0.45 * ((i * 0.7548) % 1) : 0.35 * ((i * 0.5698) % 1);
  });
}

function after(...seen: number[][]): Traffic {
  const traffic = new Traffic();
  for (const probability of seen.flat()) traffic.saw(probability);
  return traffic;
}

test('nothing is added before anything is known, and little by the first few questions', () => {
  assert.equal(new Traffic().shift, 0);
  assert.ok(after([0.95, 0.95, 0.95, 0.95, 0.95]).shift < 0.35);
});

test('where questions are asked again more often than usual their candidates gain, and never more than the most', () => {
  const desk = after(probabilities(0.6, 600));
  assert.ok(desk.shift > 0.5, String(desk.shift));
  assert.ok(desk.repeatShare > 0.4, String(desk.repeatShare));
  assert.equal(after(Array(5000).fill(1)).shift, 1);
});

test('where they are asked again less often nothing is taken away', () => {
  assert.equal(after(probabilities(0.02, 2000)).shift, 0);
  assert.equal(after(Array(5000).fill(0)).shift, 0);
});

test('traffic that changes is noticed within fifteen hundred questions', () => {
  const changed = after(Array(20_000).fill(0.9), probabilities(0.02, 1500));
  assert.ok(changed.shift < 0.1, String(changed.shift));
});

test('traffic makes no near miss likelier: what the trees say alone stays the most; the confidence stays what it is', () => {
  const asked = 'Which bread is best for toast?';
  const others = [
    'Which bread is worst for toast?',
    'Which cheese is best for toast?',
    'What bread makes the best toast?',
  ];
  for (const other of others)
    for (const shift of [0, 1, 100]) {
      const { confidence, inTraffic, score } = judge(asked, other, 0.9, shift);
      assert.ok(confidence <= inTraffic && inTraffic <= score, other);
      assert.equal(confidence, judge(asked, other, 0.9).confidence, other);
    }
});

test('where questions are asked again more is served, at the budget that was asked for', () => {
  const classification = create(ClassificationSchema, { task: Task.TEXT });
  const verifier = createVerifier({ maxWrongHitRate: 0.01 });
  const asked = 'Which bread is best for toast?';
  const near = [{ question: 'What bread makes the best toast?', cosine: 0.86 }];
  const usually = verifier.decide(asked, near, { classification });
  assert.ok('refuse' in usually && usually.refuse === 'below_confidence');
  const atADesk = verifier.decide(asked, near, { classification, shift: 1 });
  assert.ok('accept' in atADesk && (atADesk.likeliest ?? 0) > (usually.likeliest ?? 1));
  const byACareful = verifier.decide(asked, near, { classification, shift: 1, minimumConfidence: 0.6 });
  assert.ok('refuse' in byACareful);
});
