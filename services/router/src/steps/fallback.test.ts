import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FallbackMode, FinishReason, Source } from '@refrain/contracts';
import { type ErrorCode, errorCodes, RefrainError } from '@refrain/errors';
import { questionOf } from '../../test/question.ts';
import { fallback } from './fallback.ts';

const question = questionOf('Tell me about Mars!');
const error = (code: ErrorCode, reason?: string) =>
  new RefrainError(code, 'No.', reason === undefined ? {} : { reason });

test('a template answers for providers that do not, filled, degraded, and says what failed', () => {
  const answer = fallback(question, error('unavailable', 'NO_RESPONDERS'));
  assert.equal(answer?.text, 'Nobody can tell about Mars now.');
  assert.deepEqual([answer?.requestId, answer?.finishReason], [question.requestId, FinishReason.STOP]);
  const { source, provider, model, degraded, reason, attempts } = answer?.provenance ?? {};
  assert.deepEqual(
    [source, provider, model, degraded, reason, attempts],
    [Source.TEMPLATE, 'template', 'apology', true, 'fallback:no_responders', 0],
  );
  assert.deepEqual([answer?.cost?.nanoUsd, answer?.cost?.priceMissing], [0n, false]);
});

test("exactly the failures that are the mesh's own are answered by a template", () => {
  const answered = (Object.keys(errorCodes) as ErrorCode[]).filter((code) => fallback(question, error(code)));
  assert.deepEqual(answered.sort(), [
    'deadline',
    'overloaded',
    'unavailable',
    'upstream',
    'upstream_denied',
    'upstream_exhausted',
  ]);
});

test('who would rather have the error gets it', () => {
  const proud = questionOf('Tell me about Mars!', { options: { fallback: FallbackMode.NONE } });
  assert.equal(fallback(proud, error('unavailable')), undefined);
});

test('a question no fallback template fits gets the error; one that always answers is no fallback', () => {
  assert.equal(fallback(questionOf('What is a monad?'), error('unavailable')), undefined);
  assert.equal(fallback(questionOf('When do you open?'), error('unavailable')), undefined);
});
