import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefrainError } from '@refrain/errors';
import { errorHeaders, httpStatus, toErrorBody } from './error-body.ts';

test("an error has the four fields of OpenAI's, the reason as its code and the first field as its parameter", () => {
  const fields = [
    { field: 'temperature', description: 'must be from 0 to 2' },
    { field: 'stop', description: 'is wrong' },
  ];
  assert.deepEqual(toErrorBody(new RefrainError('invalid', 'No.', { fields })), {
    error: { message: 'No.', type: 'invalid_request_error', param: 'temperature', code: 'invalid' },
  });
  assert.deepEqual(toErrorBody(new RefrainError('unauthenticated', 'Who?', { reason: 'API_KEY_MISSING' })), {
    error: { message: 'Who?', type: 'authentication_error', param: null, code: 'api_key_missing' },
  });
});

test('the cause stays inside', () => {
  const error = new RefrainError('internal', 'An internal error occurred.', { cause: new Error('secret detail') });
  assert.ok(!JSON.stringify(toErrorBody(error)).includes('secret'));
});

test('a wait is told in milliseconds and in whole seconds, never too short; no wait is not told', () => {
  const wait = (retryAfterMs: number) => errorHeaders(new RefrainError('rate_limited', 'Wait.', { retryAfterMs }));
  assert.deepEqual(wait(1200), { 'retry-after-ms': '1200', 'retry-after': '2' });
  assert.deepEqual(errorHeaders(new RefrainError('rate_limited', 'Wait.')), {});
});

test('where only the cache was to answer, nothing cached is 504 as in RFC 9111, and asking again is of no use', () => {
  const nothing = new RefrainError('not_found', 'No.', { reason: 'NOT_CACHED' });
  assert.deepEqual([httpStatus(nothing), errorHeaders(nothing)], [504, { 'x-should-retry': 'false' }]);
  assert.equal(httpStatus(new RefrainError('not_found', 'No.', { reason: 'MODEL_NOT_FOUND' })), 404);
});

test('a spent budget is not asked again by a client: its wait is a day or a month', () => {
  const spent = new RefrainError('budget', 'No.', { reason: 'BUDGET_EXHAUSTED' });
  assert.deepEqual([httpStatus(spent), errorHeaders(spent)], [429, { 'x-should-retry': 'false' }]);
});

test('an answer that broke off says what it has used', () => {
  const spent = { promptTokens: 10, completionTokens: 2, estimated: true, nanoUsd: 14n, priceMissing: false };
  assert.deepEqual(toErrorBody(new RefrainError('midstream', 'Cut.', { reason: 'TRUNCATED', spent })), {
    error: { message: 'Cut.', type: 'api_error', param: null, code: 'truncated' },
    refrain: {
      usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12, estimated: true },
      cost_nano_usd: 14,
    },
  });
});
