import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, RefrainError } from '@refrain/errors';
import { pauseMs, verdictOf } from './what-follows.ts';

const failed = (code: ErrorCode, reason?: string) => new RefrainError(code, 'x', reason ? { reason } : {});
const patience = { retryBaseMs: 60_000, longestWaitMs: 60_000 };

test('a refusal that reached no provider is waited out and is no try', () => {
  for (const [code, reason] of [
    ['unavailable', 'NO_RESPONDERS'],
    ['unavailable', 'BREAKER_OPEN'],
    ['unavailable', 'BUS_DOWN'],
    ['unavailable', 'NOT_CONNECTED'],
    ['unavailable', 'STOPPING'],
    ['overloaded', 'BUSY'],
    ['overloaded', 'THROTTLED'],
    ['overloaded', 'UPSTREAM_OVERLOADED'],
    ['upstream_exhausted', 'RATE_LIMITED'],
    ['upstream_exhausted', 'NO_KEY'],
    ['budget', 'BUDGET_EXHAUSTED'],
  ] as const)
    assert.equal(verdictOf(failed(code, reason)), 'wait', reason);
});

test('what may be the question’s own doing is a try', () => {
  for (const [code, reason] of [
    ['unavailable', 'UPSTREAM_FAILED'],
    ['unavailable', 'CONNECTION_FAILED'],
    ['unavailable', 'WORKER_GONE'],
    ['unavailable', 'WORKER_SILENT'],
    ['unavailable', undefined],
    ['unavailable', 'NO_ROUTE'],
    ['upstream', 'MALFORMED'],
    ['midstream', 'TRUNCATED'],
    ['deadline', undefined],
  ] as const)
    assert.equal(verdictOf(failed(code, reason)), 'retry', reason);
});

test('what the question’s sender or an operator must mend ends it', () => {
  for (const code of ['invalid', 'content_filter', 'denied', 'not_found', 'internal'] as const)
    assert.equal(verdictOf(failed(code)), 'end', code);
  assert.equal(verdictOf(failed('upstream_denied', 'NO_KEY')), 'end');
});

test('waits grow from a second to the longest that was set, and are spread', () => {
  const at = (waits: number) => {
    const seen = Array.from({ length: 400 }, () => pauseMs('wait', { attempts: 0, waits }, {}, patience));
    return { most: Math.max(...seen), least: Math.min(...seen) };
  };
  for (const [waits, bound] of [
    [1, 1000],
    [2, 2000],
    [4, 8000],
    [7, 60_000],
    [900, 60_000],
  ] as const) {
    const { least, most } = at(waits);
    assert.ok(most <= bound && most > bound * 0.9, `${waits}: ${most}`);
    assert.ok(least >= 1 && least < bound * 0.1, `${waits}: ${least}`);
  }
});

test('retries wait under a minute, then under eight, and nobody sooner than was told', () => {
  const most = (attempts: number) =>
    Math.max(...Array.from({ length: 400 }, () => pauseMs('retry', { attempts, waits: 0 }, {}, patience)));
  assert.ok(most(1) <= 60_000 && most(1) > 50_000);
  assert.ok(most(2) <= 480_000 && most(2) > 400_000);
  for (const verdict of ['retry', 'wait'] as const)
    assert.equal(pauseMs(verdict, { attempts: 1, waits: 1 }, { retryAfterMs: 3_600_000.4 }, patience), 3_600_001);
});
