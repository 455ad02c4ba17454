import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { RefrainError } from '@refrain/errors';
import { Secret } from '@refrain/service';
import { withoutSecret } from './without-secret.ts';

const marker = 'MARKER+key/no.shape=known';
const secret = new Secret(marker);

test('the key is in no text of the error, however deep, and the rest is unchanged', () => {
  const cause = new Error(`outer ${marker}`, { cause: new TypeError(`inner ${marker}${marker}`) });
  const error = new RefrainError('invalid', `bad ${marker}!`, {
    reason: `R_${marker}`,
    retryAfterMs: 7,
    fields: [{ field: `f.${marker}`, description: `has ${marker}` }],
    cause,
  });
  const clean = withoutSecret(error, secret);
  assert.ok(!inspect(clean, { depth: 20 }).includes(marker));
  assert.ok(!`${clean.stack}${(clean.cause as Error).stack}`.includes(marker));
  assert.deepEqual([clean.code, clean.message, clean.retryAfterMs], ['invalid', 'bad [hidden]!', 7]);
  assert.equal((clean.cause as Error).message, 'outer [hidden]');
});

test('a cause that is no Error is cleaned too', () => {
  const clean = withoutSecret(new RefrainError('upstream', 'x', { cause: `said ${marker}` }), secret);
  assert.ok(!inspect(clean, { depth: 20 }).includes(marker));
});

test('an error that does not mention the key stays what it is', () => {
  const error = new RefrainError('upstream', 'x', { cause: new Error('y') });
  assert.equal(withoutSecret(error, secret), error);
  assert.equal(withoutSecret(error, undefined), error);
});
