/** What tests ask a pool of keys, and how their calls end. */
import assert from 'node:assert/strict';
import { RefrainError } from '@refrain/errors';
import type { KeyPool, Lease, LeaseQuery } from '../src/keys/lease.ts';
import type { SharedPool } from '../src/keys/shared-pool.ts';

/** The provider limits our rate, and may say for how long. */
export const limited = (retryAfterMs?: number): RefrainError =>
  new RefrainError('upstream_exhausted', 'x', {
    reason: 'RATE_LIMITED',
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
/** The provider refuses the key. */
export const refused: RefrainError = new RefrainError('upstream_denied', 'x', { reason: 'KEY_REJECTED' });
/** The provider's own fault. */
export const broken: RefrainError = new RefrainError('unavailable', 'x', { reason: 'UPSTREAM_FAILED' });

let attempts = 0;

/** A question for the pool. */
export function query(more: Partial<LeaseQuery> = {}): LeaseQuery {
  attempts += 1;
  const want = { promptTokens: 10, outputTokens: 90 };
  return { attemptId: `attempt-${attempts}`, model: 'm', want, excluded: [], ...more };
}

/** Leases and ends well. */
export async function use(pool: KeyPool, more: Partial<LeaseQuery> = {}): Promise<Lease> {
  const lease = await pool.lease(query(more));
  pool.settle(lease, { kind: 'ended', tokens: 100 });
  return lease;
}

/** The same so many times, one after the other; gives the keys' names. */
export async function uses(pool: SharedPool, count: number, more: Partial<LeaseQuery> = {}): Promise<number[]> {
  const leases: Lease[] = [];
  for (let i = 0; i < count; i += 1) leases.push(await use(pool, more));
  return numbers(pool, leases);
}

/** Leases and ends with an error. */
export async function fail(pool: KeyPool, error: RefrainError, more: Partial<LeaseQuery> = {}): Promise<Lease> {
  const lease = await pool.lease(query(more));
  pool.settle(lease, { kind: 'ended', tokens: 0, error });
  return lease;
}

/** Why no key is given: code, reason, and the wait where one is told. */
export function whyNot(pool: KeyPool, more: Partial<LeaseQuery> = {}): Promise<unknown[]> {
  return pool.lease(query(more)).then(
    () => assert.fail('a key was given'),
    ({ code, reason, retryAfterMs }: RefrainError) => [code, reason, retryAfterMs],
  );
}

/** The keys' names in order, as a test may say them: 1 is the first. */
export function numbers(pool: SharedPool, leases: readonly Lease[]): number[] {
  const ids = [...pool.keys.keys()];
  return leases.map(({ key }) => ids.indexOf(key.id) + 1);
}
