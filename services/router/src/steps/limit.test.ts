import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RefrainError } from '@refrain/errors';
import { RateLimiter } from '@refrain/resilience';
import { manualClock } from '@refrain/testkit';
import { caller, settingsOf } from '../../test/question.ts';
import { limit } from './limit.ts';

const settings = settingsOf();
const ann = { ...caller, tier: 'free' } as const;

test("a user has its tier's requests a minute, and then hears when the next may come", () => {
  const clock = manualClock();
  const limiter = new RateLimiter(clock);
  for (let i = 0; i < 3; i += 1) limit(ann, settings, limiter);
  assert.throws(
    () => limit(ann, settings, limiter),
    ({ code, reason, retryAfterMs }: RefrainError) => {
      assert.deepEqual([code, reason, retryAfterMs], ['rate_limited', 'RATE_LIMITED', 20_000]);
      return true;
    },
  );
  clock.advance(20_000);
  limit(ann, settings, limiter);
});

test("users and tenants do not use up what is another's", () => {
  const limiter = new RateLimiter(manualClock());
  for (let i = 0; i < 3; i += 1) limit(ann, settings, limiter);
  limit({ ...ann, user: 'bob' }, settings, limiter);
  limit({ ...ann, tenant: 'globex' }, settings, limiter);
  assert.throws(() => limit(ann, settings, limiter), { code: 'rate_limited' });
});

test('a higher tier has more', () => {
  const limiter = new RateLimiter(manualClock());
  for (let i = 0; i < 60; i += 1) limit({ ...ann, tier: 'basic' }, settings, limiter);
  assert.throws(() => limit({ ...ann, tier: 'basic' }, settings, limiter), { code: 'rate_limited' });
});
