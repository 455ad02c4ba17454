import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromStatus, rejected, safeWords } from './failures.ts';

test('what the status alone means where the body says nothing', () => {
  const meanings: [number, string, string][] = [
    [400, 'invalid', 'UPSTREAM_REJECTED'],
    [401, 'upstream_denied', 'KEY_REJECTED'],
    [402, 'upstream_denied', 'SPEND_LIMIT'],
    [403, 'upstream_denied', 'KEY_REJECTED'],
    [404, 'unavailable', 'MODEL_MISSING'],
    [408, 'unavailable', 'UPSTREAM_FAILED'],
    [413, 'invalid', 'CONTEXT_TOO_LONG'],
    [422, 'invalid', 'UPSTREAM_REJECTED'],
    [429, 'upstream_exhausted', 'RATE_LIMITED'],
    [500, 'unavailable', 'UPSTREAM_FAILED'],
    [503, 'overloaded', 'UPSTREAM_OVERLOADED'],
    [529, 'overloaded', 'UPSTREAM_OVERLOADED'],
    [302, 'upstream', 'MALFORMED'],
    [200, 'upstream', 'MALFORMED'],
  ];
  for (const [status, code, reason] of meanings) {
    const error = fromStatus(status, '', undefined);
    assert.deepEqual([error.code, error.reason], [code, reason], String(status));
  }
});

test('foreign words lose whatever looks like a key, control characters and their length', () => {
  for (const key of [
    'sk-ant-api03-abcdef',
    'gsk_abcdef12',
    'AIzaSyAbcdef',
    'org-abcdef12',
    'sk-ab****yz',
    'proj_1234567',
  ])
    assert.equal(safeWords(`bad ${key}!`), 'bad [hidden]!');
  const advice = 'Your organization must be verified; keywords: projections.';
  assert.equal(safeWords(advice), advice);
  assert.equal(safeWords('a\u0000\u001b[31m\nb'), 'a [31m b');
  assert.equal(safeWords('x'.repeat(500)).length, 201);
  assert.equal(rejected('').message, 'The provider refuses the request.');
});
