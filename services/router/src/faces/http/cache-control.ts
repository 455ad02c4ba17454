/** `cache-control` of a request, as RFC 9111 (5.2.1) has it. */
import { RefrainError } from '@refrain/errors';

/** What it asks of a cache. */
export interface CacheControl {
  readonly noCache: boolean;
  readonly noStore: boolean;
  readonly onlyIfCached: boolean;
  /** Absent where every age will do. */
  readonly maxAgeSeconds: number | undefined;
}

/** Between directives; empty elements of a list are let pass (RFC 9110, 5.6.1). */
const blank = /[\s,]*/y;
/** A directive up to its comma or the end. */
const directive = /([!#$%&'*+.^_`|~\w-]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?\s*(?:,|$)/y;
/** Greater ages mean this one (RFC 9111, 1.2.2). */
const greatestAge = 2 ** 31;

/**
 * Reads it. Directives that are not known are ignored, and so are `max-stale`, `min-fresh` and `no-transform`, which the RFC leaves to the
 * cache; of two ages the lower counts. @throws RefrainError `invalid` for what is no list of directives, or an age that is none
 */
export function parseCacheControl(text: string): CacheControl {
  const names = new Set<string>();
  let maxAgeSeconds: number | undefined;
  for (const [name, value] of directives(text)) {
    names.add(name);
    if (name !== 'max-age') continue;
    if (!/^\d+$/.test(value)) throw invalid('must give max-age as a number of seconds');
    maxAgeSeconds = Math.min(Number(value), greatestAge, maxAgeSeconds ?? greatestAge);
  }
  return {
    noCache: names.has('no-cache'),
    noStore: names.has('no-store'),
    onlyIfCached: names.has('only-if-cached'),
    maxAgeSeconds,
  };
}

function* directives(text: string): Generator<[name: string, value: string]> {
  for (let at = 0; ; at = directive.lastIndex) {
    blank.lastIndex = at;
    blank.exec(text);
    if (blank.lastIndex === text.length) return;
    directive.lastIndex = blank.lastIndex;
    const [, name, quoted, plain] = directive.exec(text) ?? [];
    if (name === undefined) throw invalid('is not a list of directives');
    yield [name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? ''];
  }
}

function invalid(description: string): RefrainError {
  const field = 'cache-control';
  return new RefrainError('invalid', `${field} ${description}.`, { fields: [{ field, description }] });
}
