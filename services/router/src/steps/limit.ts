import { RefrainError } from '@refrain/errors';
import type { RateLimiter } from '@refrain/resilience';
import type { Caller } from '../caller.ts';
import type { Settings } from '../settings.ts';

/**
 * Step 2: may they. Each user has its tier's requests a minute, on this router.
 * @throws RefrainError `rate_limited` with the time until the next request may come.
 */
export function limit({ tenant, user, tier }: Caller, settings: Settings, limiter: RateLimiter): void {
  const perMinute = settings.mesh.tiers[tier].requestsPerMinute;
  const verdict = limiter.take(`${tenant}/${user}`, perMinute);
  if (verdict.allowed) return;
  throw new RefrainError('rate_limited', `More than ${perMinute} requests a minute.`, {
    reason: 'RATE_LIMITED',
    retryAfterMs: verdict.retryAfterMs,
  });
}
