/**
 * How long an entry lives. It answers (`expiresAtMs`), then answers while a fresh answer is asked for (`revalidateUntilMs`), then answers
 * only where nobody else does, and then (`keptUntilMs`) Redis forgets it.
 */
import type { Classification, Entry, LookupRequest } from '@refrain/contracts';
import { complexityName, taskName } from '@refrain/judgement';
import type { MeshConfig } from '@refrain/service';

type CacheSettings = MeshConfig['cache'];

/** The times of one entry on one level, in Unix milliseconds. */
export interface Life {
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly revalidateUntilMs: number;
  readonly keptUntilMs: number;
}

/** What decides how long an answer lives. */
export interface Lived {
  readonly tenant: string;
  /** As it was asked for, and as "<provider>/<model>" that answered. */
  readonly models: readonly string[];
  readonly classification: Classification;
  /** The caller's wish. */
  readonly ttlSeconds?: number | undefined;
}

/** Seconds an answer lives on both levels: the caller's wish, as far as stale answers are kept at all, else the first rule that fits, else the default. */
export function ttlsOf(lived: Lived, cache: CacheSettings): { exact: number; semantic: number } {
  const rule = cache.lifetimes.find(({ when }) => fits(when, lived));
  const exact = rule?.exactSeconds ?? cache.exact.ttlSeconds;
  const semantic = rule?.semanticSeconds ?? cache.semantic.ttlSeconds;
  if (lived.ttlSeconds === undefined) return { exact, semantic };
  const wish = Math.min(lived.ttlSeconds, Math.max(cache.staleSeconds, exact));
  return { exact: wish, semantic: wish };
}

function fits(when: CacheSettings['lifetimes'][number]['when'], { tenant, models, classification }: Lived): boolean {
  const isOneOf = (wanted: readonly string[] | undefined, is: readonly string[]) =>
    !wanted || wanted.some((each) => is.includes(each));
  return (
    isOneOf(when.tenant, [tenant]) &&
    isOneOf(when.model, models) &&
    isOneOf(when.task, [taskName(classification.task)]) &&
    isOneOf(when.complexity, [complexityName(classification.complexity)]) &&
    (when.volatile === undefined || when.volatile === classification.volatile)
  );
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
