import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { FailureSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { toFailure } from './failure.ts';

test('any wait fits into the frame', () => {
  const waits: [number, number][] = [
    [0, 0],
    [1.2, 2],
    [1e15, 0xffff_ffff],
    [-5, 0],
  ];
  for (const [retryAfterMs, told] of waits) {
    const failure = create(FailureSchema, toFailure(new RefrainError('upstream_exhausted', 'x', { retryAfterMs })));
    assert.equal(failure.retryAfterMs, told);
    assert.ok(toBinary(FailureSchema, failure).length > 0);
  }
});

test('no wait told is none, not "at once"', () => {
  assert.equal(toFailure(new RefrainError('unavailable', 'x')).retryAfterMs, undefined);
});
