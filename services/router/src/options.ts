/** What a caller may ask of the cache beside its question: checked once, whatever door it came through. */
import { CacheMode, FallbackMode, type Options } from '@refrain/contracts';
import { type FieldViolation, RefrainError } from '@refrain/errors';
import type { MeshConfig } from '@refrain/service';

const maximumTags = 16;
/** What every door can carry alike: visible ASCII, with spaces inside. */
const tag = /^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/;
const modes: ReadonlySet<CacheMode> = new Set([
  CacheMode.UNSPECIFIED,
  CacheMode.OFF,
  CacheMode.REFRESH,
  CacheMode.READ_ONLY,
  CacheMode.ONLY_IF_CACHED,
]);
const fallbackModes: ReadonlySet<FallbackMode> = new Set([
  FallbackMode.UNSPECIFIED,
  FallbackMode.NONE,
  FallbackMode.QUEUE,
  FallbackMode.FULL,
]);

/** @throws RefrainError `invalid` with every fault, each by its field's name */
export function checkOptions(options: Options | undefined, cache: MeshConfig['cache']): void {
  if (!options) return;
  const faults: FieldViolation[] = [];
  const fault = (field: string, description: string) => faults.push({ field: `options.${field}`, description });
  const { minimumConfidence, tags, ttlSeconds } = options;
  if (!modes.has(options.cache)) fault('cache', 'is not a way to use the cache');
  if (!fallbackModes.has(options.fallback)) fault('fallback', 'is not known');
  // Also what is no number: compared with it, every confidence would do.
  if (minimumConfidence !== undefined && !(minimumConfidence >= 0 && minimumConfidence <= 1))
    fault('minimum_confidence', 'must be from 0 to 1');
  const longest = maximumTtlSeconds(cache);
  if (ttlSeconds !== undefined && !(ttlSeconds >= 1 && ttlSeconds <= longest))
    fault('ttl_seconds', `must be from 1 to ${longest}`);
  if (tags.length > maximumTags) fault('tags', `must not be more than ${maximumTags}`);
  tags.slice(0, maximumTags).forEach((each, i) => {
    if (!tag.test(each)) fault(`tags[${i}]`, 'must be 1 to 64 printable ASCII characters, without spaces around');
  });
  const [first] = faults;
  if (first) throw new RefrainError('invalid', `${first.field} ${first.description}.`, { fields: faults });
}

/** The longest time a caller may ask for: as long as an operator lets answers stay, be it only for bad times. */
function maximumTtlSeconds({ exact, staleSeconds }: MeshConfig['cache']): number {
  return Math.max(staleSeconds, exact.ttlSeconds);
}

/** How the cache is used. Nothing that was kept is young enough for `max_age_seconds` 0: it is not read. */
export function cacheMode(options: Options | undefined): CacheMode {
  const mode = options?.cache ?? CacheMode.UNSPECIFIED;
  if (options?.maxAgeSeconds !== 0) return mode;
  if (mode === CacheMode.UNSPECIFIED) return CacheMode.REFRESH;
  return mode === CacheMode.READ_ONLY ? CacheMode.OFF : mode;
}

/** Whether what is kept may answer. */
export function mayRead(mode: CacheMode): boolean {
  return mode === CacheMode.UNSPECIFIED || mode === CacheMode.READ_ONLY || mode === CacheMode.ONLY_IF_CACHED;
}

/** Whether the answer may be kept. */
export function mayWrite(mode: CacheMode): boolean {
  return mode === CacheMode.UNSPECIFIED || mode === CacheMode.REFRESH;
}
