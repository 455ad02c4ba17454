import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMeshConfig } from '@refrain/service';
import { dialCurve } from './dial-curve.ts';

const yaml = `version: 1
tiers: { free: { lane: low, requestsPerMinute: 1 }, basic: { lane: low, requestsPerMinute: 1 }, pro: { lane: low, requestsPerMinute: 1 }, enterprise: { lane: low, requestsPerMinute: 1 } }
providers:
  cheap: { adapter: openai, keys: C, models: [{ name: m, rank: 2, contextTokens: 8000, price: { input: 100000000, output: 100000000 } }] }
  dear: { adapter: openai, keys: D, models: [{ name: m, rank: 5, contextTokens: 8000, price: { input: 1000000000, output: 1000000000 } }] }
routes: [{ try: [dear/m, cheap/m] }]
`;
const mesh = parseMeshConfig(yaml, 'test.yaml');
const prompts = [
  'Hi.',
  'What is two plus two?',
  'Write a proof that there are infinitely many primes, step by step, and name each lemma.',
];

test('the curve runs from the cheapest to the best and never falls, in rank or in price', () => {
  const curve = dialCurve(mesh, prompts, { tier: 'pro', answerTokens: 100, steps: 8 });
  assert.deepEqual(curve.map(({ dial }) => dial).slice(0, 2), [0, 0.125]);
  const [first] = curve;
  const last = curve.at(-1);
  assert.deepEqual([first?.firsts, first?.meanRank], [{ 'cheap/m': 1 }, 2]);
  assert.deepEqual([last?.firsts, last?.meanRank], [{ 'dear/m': 1 }, 5]);
  assert.ok(Math.abs((last?.usdPerThousand ?? 0) / (first?.usdPerThousand ?? 1) - 10) < 1e-9);
  for (const [i, point] of curve.entries()) {
    const before = curve[Math.max(0, i - 1)];
    assert.ok(before && point.meanRank >= before.meanRank && point.usdPerThousand >= before.usdPerThousand);
  }
});
