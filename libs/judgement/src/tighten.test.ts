import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ClassificationSchema, Complexity, Task } from '@refrain/contracts';
import { budgetShareOf } from './semantic-policy.ts';
import { createVerifier } from './verifier/verify.ts';
import { type Candidate, createThresholdVerifier, type Verifier, type VerifierContext } from './verifier.ts';

/** Numbers from 0 to 1, the same for the same seed (mulberry32, Tommy Ettinger, public domain). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const questions = [
  'What is the capital of France?',
  "What's the capital of France?",
  'Which city is the capital of France?',
  'What is the capital of Spain?',
  'How do I reset my password?',
  'How can I reset my password?',
  'How do I reset the password of my phone?',
  'How old is Barron Trump?',
  'How old is Elon Musk?',
  'How many seconds are in 2 hours?',
  'How many seconds are in 3 hours?',
  'How do I sort a list in Python?',
  'How do I sort a list in Java?',
  'Is tea healthy?',
  'Is tea not healthy?',
];
const histories = [[], ['Who is Barron Trump?'], ['What is France?']];
const followUps = ['How old is he?', 'What is its capital?'];

for (const [name, verifier] of [
  ['verified', createVerifier({ maxWrongHitRate: 0.01 })],
  ['verified at the widest budget', createVerifier({ maxWrongHitRate: 0.05 })],
  ['threshold', createThresholdVerifier(0.7)],
] as [string, Verifier][]) {
  test(`no confidence that a caller asks for turns a miss into a hit (${name})`, () => {
    const random = randomFrom(11);
    const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
    let hits = 0;
    let tightened = 0;
    for (let i = 0; i < 3000; i += 1) {
      const history = pick(histories);
      const asked = history.length > 0 ? pick(followUps) : pick(questions);
      const candidates: Candidate[] = Array.from({ length: Math.floor(random() * 5) }, () => ({
        question: pick(questions),
        cosine: random() < 0.05 ? Number.NaN : 0.5 + random() / 2,
      }));
      const classification = create(ClassificationSchema, { task: pick([Task.TEXT, Task.CODE, Task.REASONING]) });
      const context: VerifierContext = { classification, history };
      const loose = verifier.decide(asked, candidates, context);
      const minimumConfidence = pick([0, -1, 0.3, 0.5, 0.9, 0.96, 0.999, 1, 2, Number.NaN, Number.POSITIVE_INFINITY]);
      const tight = verifier.decide(asked, candidates, { ...context, minimumConfidence });
      const strict = verifier.decide(asked, candidates, { ...context, budgetShare: random() });
      if ('accept' in loose) hits += 1;
      if ('refuse' in loose) assert.ok('refuse' in tight && 'refuse' in strict, `${asked} at ${minimumConfidence}`);
      else if ('refuse' in tight) tightened += 1;
      if ('accept' in tight) assert.ok(tight.confidence >= minimumConfidence);
    }
    assert.ok(hits > 50 && tightened > 20, `${hits} hits and ${tightened} fewer: there must be something to lose`);
  });
}

test('no class gets more than the budget, and code, sums and what is complex get a part of it', () => {
  const of = (task: Task, question: string, complexity: Complexity = Complexity.SIMPLE) =>
    budgetShareOf(create(ClassificationSchema, { task, complexity }), question);
  assert.equal(of(Task.TEXT, 'What is the capital of France?'), 1);
  assert.equal(of(Task.REASONING, 'Why is the sky blue?'), 1);
  for (const share of [
    of(Task.CODE, 'How do I sort a list in Python?'),
    of(Task.REASONING, 'How many seconds are in 2 hours?'),
    of(Task.TEXT, 'Plan a journey.', Complexity.COMPLEX),
  ])
    assert.ok(share > 0 && share < 1);
});
