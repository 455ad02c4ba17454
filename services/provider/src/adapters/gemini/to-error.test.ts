import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toGeminiError, toGeminiEventError } from './to-error.ts';

const hour = 3_600_000;
/** 04:00 in Los Angeles, winter. */
const now = Date.parse('2026-11-24T12:00:00Z');
const reply = (status: number, body: unknown) => ({
  status,
  body: JSON.stringify(body),
  headers: { get: () => undefined },
});
const classify = (code: number, status: string, message = 'x', details: object[] = [], nowMs = now) =>
  toGeminiError(reply(code, { error: { code, message, status, details } }), nowMs);
const quota = (quotaId: string, retryDelay?: string) => [
  { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ quotaId }] },
  ...(retryDelay === undefined ? [] : [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }]),
];

test('the status name and the details decide', () => {
  const meanings: [number, string, string, object[], string][] = [
    [400, 'INVALID_ARGUMENT', 'bad value', [], 'UPSTREAM_REJECTED'],
    [400, 'INVALID_ARGUMENT', 'The input token count (2000000) exceeds the maximum', [], 'CONTEXT_TOO_LONG'],
    [400, 'INVALID_ARGUMENT', 'API key not valid', [{ reason: 'API_KEY_INVALID' }], 'KEY_REJECTED'],
    [403, 'PERMISSION_DENIED', 'x', [{ reason: 'SERVICE_DISABLED' }], 'KEY_REJECTED'],
    [403, 'PERMISSION_DENIED', 'x', [{ reason: 'BILLING_DISABLED' }], 'SPEND_LIMIT'],
    [400, 'FAILED_PRECONDITION', 'User location is not supported', [], 'KEY_REJECTED'],
    [401, 'UNAUTHENTICATED', 'x', [], 'KEY_REJECTED'],
    [404, 'NOT_FOUND', 'x', [], 'MODEL_MISSING'],
    [500, 'INTERNAL', 'x', [], 'UPSTREAM_FAILED'],
    [503, 'UNAVAILABLE', 'x', [], 'UPSTREAM_OVERLOADED'],
    [504, 'DEADLINE_EXCEEDED', 'x', [], 'UPSTREAM_FAILED'],
  ];
  for (const [code, status, message, details, reason] of meanings)
    assert.equal(classify(code, status, message, details).reason, reason, `${status} ${message}`);
});

test('a minute’s quota rests as long as Google says', () => {
  const error = classify(429, 'RESOURCE_EXHAUSTED', 'x', quota('GenerateRequestsPerMinutePerProject', '46s'));
  assert.deepEqual([error.code, error.retryAfterMs], ['upstream_exhausted', 46_000]);
  assert.equal(classify(429, 'RESOURCE_EXHAUSTED').retryAfterMs, undefined);
});

test('a day’s quota, or a quota of none, rests until midnight in California, whatever the delay says', () => {
  const daily = quota('GenerateRequestsPerDayPerProject', '46s');
  assert.equal(classify(429, 'RESOURCE_EXHAUSTED', 'x', daily).retryAfterMs, 20 * hour);
  assert.equal(classify(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded, limit: 0').retryAfterMs, 20 * hour);
  const summer = Date.parse('2026-07-24T12:30:00Z');
  assert.equal(classify(429, 'RESOURCE_EXHAUSTED', 'x', daily, summer).retryAfterMs, 18.5 * hour);
});

test('a day’s quota is back at that midnight also where the clocks change before it', () => {
  const daily = quota('GenerateRequestsPerDayPerProject');
  const waits = ['2026-03-08T09:00:00Z', '2026-11-01T08:00:00Z'].map(
    (text) => classify(429, 'RESOURCE_EXHAUSTED', 'x', daily, Date.parse(text)).retryAfterMs,
  );
  assert.deepEqual(waits, [22 * hour, 24 * hour]);
});

test('of several waits the longest holds', () => {
  const both = [...quota('GenerateRequestsPerMinutePerProject', '46s'), ...quota('GenerateTokensPerMinute', '50s')];
  assert.equal(classify(429, 'RESOURCE_EXHAUSTED', 'x', both).retryAfterMs, 50_000);
});

test('an error in a list, as an event of a stream, or as a page of a proxy', () => {
  const error = { code: 503, status: 'UNAVAILABLE', message: 'x' };
  assert.equal(toGeminiError(reply(503, [{ error }]), now).reason, 'UPSTREAM_OVERLOADED');
  assert.equal(toGeminiEventError(error).reason, 'UPSTREAM_OVERLOADED');
  assert.equal(toGeminiEventError({ message: 'x' }).reason, 'UPSTREAM_FAILED');
  assert.equal(
    toGeminiError({ status: 502, body: '<html>', headers: { get: () => undefined } }, now).reason,
    'UPSTREAM_FAILED',
  );
});
