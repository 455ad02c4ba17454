import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefrainError } from '@refrain/errors';
import { patiently } from './patiently.ts';

/** A step that fails so often, for that reason. */
function failing(times: number, reason: string) {
  let calls = 0;
  const step = async () => {
    calls += 1;
    if (calls <= times) throw new RefrainError('unavailable', 'No.', { reason });
    return 'done';
  };
  return { step, calls: () => calls };
}

test('a step that Redis was late for is done again, twice and no oftener', async () => {
  const late = failing(2, 'REDIS_DOWN');
  assert.equal(await patiently(late.step), 'done');
  const away = failing(9, 'BREAKER_OPEN');
  await assert.rejects(patiently(away.step), { reason: 'BREAKER_OPEN' });
  assert.equal(away.calls(), 3);
});

test('what Redis refuses is refused at once', async () => {
  const refused = failing(1, 'REDIS_REFUSED');
  await assert.rejects(patiently(refused.step), { reason: 'REDIS_REFUSED' });
  assert.equal(refused.calls(), 1);
});
