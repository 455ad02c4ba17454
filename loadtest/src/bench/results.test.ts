import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Round } from './load.ts';
import { toResults } from './results.ts';

const round = (p50: number, perSecond: number): Round => ({
  p50,
  p95: p50 * 1.5,
  p99: p50 * 2,
  perSecond,
  count: 10,
  missed: 0,
});
const candidate = { name: 'exact_hit', limit: 'grpc_two_hops', call: async () => undefined };
const rounds = new Map([
  ['grpc_two_hops_1', [round(1, 1000), round(2, 500), round(3, 300)]],
  ['exact_hit_1', [round(2, 500), round(2, 500), round(6, 150)]],
  ['grpc_two_hops_16', [round(4, 4000), round(4, 4000), round(4, 1000)]],
  ['exact_hit_16', [round(5, 3000), round(5, 3200), round(5, 900)]],
]);
const ratioOf = (inFlight: number) => {
  const ratio = toResults(candidate, inFlight, rounds).find(({ metric }) => metric === 'ratio_to_limit');
  assert.ok(ratio);
  return ratio;
};

test('with one in flight the ratio is of latencies, limit over candidate, round by round', () => {
  const { case: name, value, low, high, n } = ratioOf(1);
  assert.deepEqual([name, value, low, high, n], ['exact_hit_1', 0.5, 0.5, 1, 3]);
});

test('with more in flight it is of throughputs, candidate over limit', () => {
  const { value, low, high } = ratioOf(16);
  assert.deepEqual([value, low, high], [0.8, 0.75, 0.9]);
});

test('the median round counts, the least and the greatest bound it', () => {
  const [p50, p95, p99, perSecond] = toResults(candidate, 1, rounds);
  assert.deepEqual([p50?.metric, p50?.value, p50?.low, p50?.high, p50?.unit], ['p50', 2, 2, 6, 'ms']);
  assert.deepEqual([p95?.metric, p95?.value, p99?.metric, p99?.value], ['p95', 3, 'p99', 4]);
  assert.deepEqual([perSecond?.metric, perSecond?.value, perSecond?.unit], ['per_second', 500, '1/s']);
});

test('a case whose limit could not be measured has no ratio, and one that was not measured no figures', () => {
  const without = new Map([['exact_hit_1', rounds.get('exact_hit_1') ?? []]]);
  assert.deepEqual(
    toResults(candidate, 1, without).map(({ metric }) => metric),
    ['p50', 'p95', 'p99', 'per_second'],
  );
  assert.deepEqual(toResults(candidate, 16, without), []);
});
