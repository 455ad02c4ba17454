/**
 * How long an entry lives. It answers (`expiresAtMs`), then answers while a fresh answer is asked for (`revalidateUntilMs`), then answers
 * only where nobody else does, and then (`keptUntilMs`) Redis forgets it.
 */
import type { Entry, LookupRequest } from '@refrain/contracts';
import type { MeshConfig } from '@refrain/service';

type CacheSettings = MeshConfig['cache'];

/** The times of one entry on one level, in Unix milliseconds. */
export interface Life {
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly revalidateUntilMs: number;
  readonly keptUntilMs: number;
}

/**
 * A life from now on. Its time is shortened at random (`random` gives 0 to 1), so that what was stored together does not end together;
 * `isStaleUseful` is false for what can be had again at once.
 */
export function lifeOf(
  ttlSeconds: number,
  nowMs: number,
  { cache, random, isStaleUseful = true }: { cache: CacheSettings; random: () => number; isStaleUseful?: boolean },
): Life {
  const ttlMs = Math.max(1, Math.round(ttlSeconds * 1000 * (1 - cache.ttlJitter * random())));
  const expiresAtMs = nowMs + ttlMs;
  const revalidateUntilMs = expiresAtMs + (isStaleUseful ? cache.revalidateSeconds * 1000 : 0);
  const staleUntilMs = expiresAtMs + (isStaleUseful ? cache.staleSeconds * 1000 : 0);
  return { createdAtMs: nowMs, expiresAtMs, revalidateUntilMs, keptUntilMs: Math.max(revalidateUntilMs, staleUntilMs) };
}

/** The fields of an entry that hold its life. */
export function toEntryTimes(life: Life) {
  return {
    createdAtMs: BigInt(life.createdAtMs),
    expiresAtMs: BigInt(life.expiresAtMs),
    revalidateUntilMs: BigInt(life.revalidateUntilMs),
  };
}

/** The moment whose entries count: now, or for who takes stale ones the earliest whose entries are still kept. */
export function reachBack(nowMs: number, { acceptStale }: LookupRequest, cache: CacheSettings): number {
  const staleOnlySeconds = Math.max(0, cache.staleSeconds - cache.revalidateSeconds);
  return acceptStale ? nowMs - staleOnlySeconds * 1000 : nowMs;
}

/** Why an entry may not answer a request now; undefined where it may. */
export function tooLate(
  entry: Entry,
  request: LookupRequest,
  { nowMs, cache }: { nowMs: number; cache: CacheSettings },
): 'expired' | 'too_old' | undefined {
  if (Number(entry.revalidateUntilMs) <= reachBack(nowMs, request, cache)) return 'expired';
  const ageMs = nowMs - Number(entry.createdAtMs);
  return request.maxAgeSeconds !== undefined && ageMs > request.maxAgeSeconds * 1000 ? 'too_old' : undefined;
}
