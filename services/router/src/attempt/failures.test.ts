import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, errorCodes, RefrainError } from '@refrain/errors';
import { Failures, isProvidersFault, mayTryNext } from './failures.ts';

const error = (code: ErrorCode, reason: string, retryAfterMs?: number) =>
  new RefrainError(code, `It is ${reason}.`, { reason, ...(retryAfterMs !== undefined && { retryAfterMs }) });
const heaviest = (...failures: [error: RefrainError, accepted: boolean][]) => {
  const all = new Failures();
  for (const [each, accepted] of failures) all.add(each, accepted);
  return all.weightiest();
};

test("another route may answer what is a provider's fault, and what one provider alone cannot do", () => {
  const codes = Object.keys(errorCodes) as ErrorCode[];
  assert.deepEqual(codes.filter((code) => mayTryNext(error(code, 'X'))).sort(), [
    'overloaded',
    'unavailable',
    'upstream',
    'upstream_denied',
    'upstream_exhausted',
  ]);
  assert.ok(mayTryNext(error('unsupported', 'UNSUPPORTED_BY_PROVIDER')));
  assert.ok(mayTryNext(error('invalid', 'CONTEXT_TOO_LONG')));
});

test('what an upstream said weighs more than that nobody took it', () => {
  const said = error('upstream_denied', 'KEY_REJECTED');
  assert.equal(heaviest([said, true], [error('unavailable', 'NO_RESPONDERS'), false]).reason, 'KEY_REJECTED');
  assert.equal(heaviest([error('unavailable', 'NO_RESPONDERS'), false], [said, true]).reason, 'KEY_REJECTED');
});

test('of two that weigh the same the later counts', () => {
  assert.equal(
    heaviest([error('upstream', 'MALFORMED'), true], [error('upstream', 'TRUNCATED'), true]).reason,
    'TRUNCATED',
  );
});

test('what the caller could mend for one provider alone weighs least', () => {
  const cannot = error('unsupported', 'UNSUPPORTED_BY_PROVIDER');
  assert.equal(heaviest([cannot, true], [error('unavailable', 'NO_RESPONDERS'), false]).reason, 'NO_RESPONDERS');
  assert.equal(heaviest([cannot, true]).code, 'unsupported');
});

test('the wait is the shortest that any of them named', () => {
  const worst = heaviest(
    [error('overloaded', 'BUSY', 700), false],
    [error('upstream_exhausted', 'RATE_LIMITED', 9000), true],
    [error('unavailable', 'NO_RESPONDERS'), false],
  );
  assert.deepEqual([worst.reason, worst.retryAfterMs], ['RATE_LIMITED', 700]);
  assert.equal(heaviest([error('unavailable', 'NO_RESPONDERS'), false]).retryAfterMs, undefined);
});

test('where there was no route at all that is said', () => {
  assert.equal(heaviest().reason, 'NO_ROUTE');
});

test("against a provider counts what it did itself: not the caller's fault, nor a key's, nor ours", () => {
  for (const [code, reason] of [
    ['unavailable', 'UPSTREAM_FAILED'],
    ['unavailable', 'CONNECTION_FAILED'],
    ['unavailable', 'UPSTREAM_SILENT'],
    ['overloaded', 'UPSTREAM_OVERLOADED'],
    ['upstream', 'MALFORMED'],
    ['upstream', 'TRUNCATED'],
  ] as const)
    assert.ok(isProvidersFault(error(code, reason), true), reason);
  for (const [code, reason] of [
    ['invalid', 'UPSTREAM_REJECTED'],
    ['content_filter', 'CONTENT_FILTER'],
    ['upstream', 'EMPTY_ANSWER'],
    ['upstream_exhausted', 'RATE_LIMITED'],
    ['upstream_denied', 'KEY_REJECTED'],
    ['unavailable', 'WORKER_GONE'],
    ['unavailable', 'FRAMES_LOST'],
    ['overloaded', 'BUSY'],
    ['deadline', 'DEADLINE'],
    ['canceled', 'CANCELED'],
  ] as const)
    assert.ok(!isProvidersFault(error(code, reason), true), reason);
  assert.ok(!isProvidersFault(error('unavailable', 'UPSTREAM_FAILED'), false), 'what never went upstream');
});
