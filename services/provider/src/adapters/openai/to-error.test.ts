import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toOpenAiError, toOpenAiEventError } from './to-error.ts';

const now = Date.parse('2026-11-24T12:00:00Z');
const classify = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  toOpenAiError(
    { status, body: typeof body === 'string' ? body : JSON.stringify(body), headers: { get: (name) => headers[name] } },
    now,
  );
const body = (code: unknown, type = 'x', message = 'words') => ({ error: { message, type, param: null, code } });

test('the body’s code decides, whatever the status', () => {
  const meanings: [number, string, string][] = [
    [429, 'insufficient_quota', 'SPEND_LIMIT'],
    [429, 'credit_balance_exhausted', 'SPEND_LIMIT'],
    [429, 'organization_spend_limit_exceeded', 'SPEND_LIMIT'],
    [429, 'rate_limit_exceeded', 'RATE_LIMITED'],
    [503, 'slow_down', 'RATE_LIMITED'],
    [400, 'invalid_api_key', 'KEY_REJECTED'],
    [400, 'context_length_exceeded', 'CONTEXT_TOO_LONG'],
    [400, 'content_filter', 'CONTENT_FILTER'],
    [400, 'ResponsibleAIPolicyViolation', 'CONTENT_FILTER'],
    [400, 'model_decommissioned', 'MODEL_MISSING'],
    [500, 'engine_overloaded', 'UPSTREAM_OVERLOADED'],
  ];
  for (const [status, code, reason] of meanings) assert.equal(classify(status, body(code)).reason, reason, code);
});

test('without a code the type counts (Groq, DeepSeek), then the status', () => {
  assert.equal(classify(429, body(null, 'tokens')).reason, 'RATE_LIMITED');
  assert.equal(classify(402, body(null, 'unknown_error', 'Insufficient Balance')).reason, 'SPEND_LIMIT');
  assert.equal(classify(400, body(null, 'invalid_request_error')).reason, 'UPSTREAM_REJECTED');
});

test('errors that are no object: a bare text, a page of a proxy, nothing', () => {
  assert.equal(classify(400, { error: 'bad sampling' }).message, 'The provider refuses the request: bad sampling');
  assert.equal(classify(502, '<html>Bad Gateway</html>').reason, 'UPSTREAM_FAILED');
  assert.equal(classify(429, '').reason, 'RATE_LIMITED');
});

test('OpenRouter: the status behind it, its moderation and the headers it repeats', () => {
  assert.equal(classify(200, body(503)).reason, 'UPSTREAM_OVERLOADED');
  assert.equal(
    classify(403, { error: { code: 403, message: 'x', metadata: { reasons: ['violence'] } } }).code,
    'content_filter',
  );
  const metadata = { headers: { 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': String(now + 9000) } };
  assert.equal(classify(429, { error: { code: 429, message: 'x', metadata } }).retryAfterMs, 9000);
});

test('the wait of the headers is passed on', () => {
  assert.equal(classify(429, body('rate_limit_exceeded'), { 'retry-after': '20' }).retryAfterMs, 20_000);
  assert.equal(classify(429, body('rate_limit_exceeded')).retryAfterMs, undefined);
});

test('an error inside a stream', () => {
  assert.equal(toOpenAiEventError({ message: 'x', type: 'server_error', code: null }).reason, 'UPSTREAM_FAILED');
  assert.equal(toOpenAiEventError({ message: 'x', code: 'rate_limit_exceeded' }).reason, 'RATE_LIMITED');
  assert.equal(toOpenAiEventError('broken').reason, 'UPSTREAM_FAILED');
});
