import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toClaudeError, toClaudeEventError } from './to-error.ts';

const now = Date.parse('2026-11-24T12:00:00Z');
const classify = (status: number, error: object, headers: Record<string, string> = {}) =>
  toClaudeError(
    { status, body: JSON.stringify({ type: 'error', error }), headers: { get: (name) => headers[name] } },
    now,
  );

test('the error’s type decides', () => {
  const meanings: [number, string, string, string][] = [
    [401, 'authentication_error', 'x', 'KEY_REJECTED'],
    [403, 'permission_error', 'x', 'KEY_REJECTED'],
    [402, 'billing_error', 'x', 'SPEND_LIMIT'],
    [429, 'rate_limit_error', 'x', 'RATE_LIMITED'],
    [529, 'overloaded_error', 'x', 'UPSTREAM_OVERLOADED'],
    [500, 'api_error', 'x', 'UPSTREAM_FAILED'],
    [504, 'timeout_error', 'x', 'UPSTREAM_FAILED'],
    [404, 'not_found_error', 'x', 'MODEL_MISSING'],
    [413, 'request_too_large', 'x', 'CONTEXT_TOO_LONG'],
    [400, 'invalid_request_error', 'max_tokens: must be greater than 0', 'UPSTREAM_REJECTED'],
    [400, 'invalid_request_error', 'prompt is too long: 250000 tokens > 200000 maximum', 'CONTEXT_TOO_LONG'],
    [400, 'invalid_request_error', 'Your credit balance is too low to access the API', 'SPEND_LIMIT'],
    [400, 'invalid_request_error', 'You have reached your specified API usage limits.', 'SPEND_LIMIT'],
    [418, 'new_error', 'x', 'UPSTREAM_REJECTED'],
  ];
  for (const [status, type, message, reason] of meanings)
    assert.equal(classify(status, { type, message }).reason, reason, `${type}: ${message}`);
});

test('a spend limit comes as a rate limit and waits for nobody', () => {
  const details = { error_code: 'enforced_spend_limit_reached' };
  const error = classify(429, { type: 'rate_limit_error', message: 'x', details }, { 'retry-after': '5' });
  assert.deepEqual([error.code, error.reason, error.retryAfterMs], ['upstream_denied', 'SPEND_LIMIT', undefined]);
});

test('the wait: retry-after, else the windows’ moments', () => {
  const limited = { type: 'rate_limit_error', message: 'x' };
  assert.equal(classify(429, limited, { 'retry-after': '46' }).retryAfterMs, 46_000);
  const windows = {
    'anthropic-ratelimit-input-tokens-remaining': '0',
    'anthropic-ratelimit-input-tokens-reset': '2026-11-24T12:00:30Z',
    'anthropic-ratelimit-requests-remaining': '49',
    'anthropic-ratelimit-requests-reset': '2026-11-24T12:01:00Z',
  };
  assert.equal(classify(429, limited, windows).retryAfterMs, 30_000);
});

test('an error inside a stream, and a page that is none of Anthropic’s', () => {
  assert.equal(toClaudeEventError({ error: { type: 'overloaded_error' } }).reason, 'UPSTREAM_OVERLOADED');
  assert.equal(toClaudeEventError({}).reason, 'UPSTREAM_FAILED');
  const page = { status: 502, body: '<html>', headers: { get: () => undefined } };
  assert.equal(toClaudeError(page, now).reason, 'UPSTREAM_FAILED');
});
