/**
 * Offers answers to a cache and waits where it is only busy: the embedder does a few hundred a second, and an answer that it had no time
 * for would be found by its exact words alone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreRequest, StoreResponse } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import type { Cache } from './open-cache.ts';

const storeMs = 10_000;
const firstPauseMs = 100;
const longestPauseMs = 2000;
/** Offers of one answer, within 15 seconds. */
const maximumTries = 12;
/** Parts that are away come back, and a busy one has time again. */
const passing = new Set([
  'embedder_busy',
  'embedder_slow',
  'embedder_down',
  'no_model',
  'redis_down',
  'redis_refused',
  'deadline',
]);

/** Offers one answer; gives what became of it in the end. @throws RefrainError where the cache stays away, or calls the request wrong */
export type Offer = (request: StoreRequest) => Promise<StoreResponse>;

/** Offers to one cache. What one answer waited for in vain, the next do not wait for, until one of them is found by meaning. */
export function createOffer(cache: Pick<Cache, 'store'>, pause: (ms: number) => Promise<unknown> = sleep): Offer {
  const hopeless = new Set<string>();
  const isWorthWaiting = (reason: string) => passing.has(reason) && !hopeless.has(reason);
  return async (request) => {
    for (let attempt = 1; ; attempt += 1) {
      const isLast = attempt === maximumTries;
      const response = await offerOnce(cache, request, isLast);
      const reason = response ? response.refusedReason || response.exactOnlyReason : 'unavailable';
      if (response?.stored && reason === '') hopeless.clear();
      if (response && (isLast || !isWorthWaiting(reason))) {
        if (passing.has(reason)) hopeless.add(reason);
        if (response.stored || !passing.has(reason)) return response;
        throw new RefrainError('unavailable', `The cache takes nothing: ${reason}.`);
      }
      await pause(Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1)));
    }
  };
}

/** Undefined where the cache did not answer and is to be asked again. */
async function offerOnce(
  cache: Pick<Cache, 'store'>,
  request: StoreRequest,
  isLast: boolean,
): Promise<StoreResponse | undefined> {
  try {
    return await cache.store(request, { timeoutMs: storeMs });
  } catch (error) {
    const isAway = error instanceof RefrainError && (error.code === 'unavailable' || error.code === 'deadline');
    if (!isAway || isLast) throw error;
    return undefined;
  }
}
