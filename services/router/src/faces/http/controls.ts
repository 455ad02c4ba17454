import type { IncomingHttpHeaders } from 'node:http';
import { create } from '@bufbuild/protobuf';
import { CacheMode, FallbackMode, type Options, OptionsSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { readApiKey as fromHeader } from '../api-key.ts';
import { parseCacheControl } from './cache-control.ts';
import { refuseUnknownHeaders } from './known-headers.ts';

const cacheModes: Record<string, CacheMode> = {
  on: CacheMode.UNSPECIFIED,
  off: CacheMode.OFF,
  refresh: CacheMode.REFRESH,
  'read-only': CacheMode.READ_ONLY,
  'only-if-cached': CacheMode.ONLY_IF_CACHED,
};
const fallbackModes: Record<string, FallbackMode> = {
  none: FallbackMode.NONE,
  full: FallbackMode.FULL,
  queue: FallbackMode.QUEUE,
};
const yesOrNo: Record<string, boolean> = { true: true, false: false };

/**
 * Reads what a request asks beside the chat. Of how the cache is used our own header says most, then OpenRouter's, then `cache-control`;
 * the age that is asked for holds beside each of them. What the values may be is checked by whoever knows the configuration.
 * @throws RefrainError `invalid` for a value that means nothing, `unsupported` for a header of ours that is not known.
 */
export function readOptions(headers: IncomingHttpHeaders): Options {
  refuseUnknownHeaders(headers);
  const options = create(OptionsSchema);
  readCacheControl(headers, options);
  readOpenRouter(headers, options);
  const cache = header(headers, 'x-refrain-cache');
  if (cache !== undefined) options.cache = oneOf('x-refrain-cache', cache, cacheModes);
  const ttl = header(headers, 'x-refrain-cache-ttl');
  if (ttl !== undefined) options.ttlSeconds = wholeSeconds('x-refrain-cache-ttl', ttl);
  const tags = header(headers, 'x-refrain-cache-tags');
  if (tags !== undefined) options.tags = list(tags);
  const fallback = header(headers, 'x-refrain-fallback');
  if (fallback !== undefined) options.fallback = oneOf('x-refrain-fallback', fallback, fallbackModes);
  const confidence = header(headers, 'x-refrain-minimum-confidence');
  if (confidence !== undefined) options.minimumConfidence = number('x-refrain-minimum-confidence', confidence, 1);
  return options;
}

function readCacheControl(headers: IncomingHttpHeaders, options: Options): void {
  const text = header(headers, 'cache-control');
  if (text === undefined) return;
  const { maxAgeSeconds, noCache, noStore, onlyIfCached } = parseCacheControl(text);
  if (maxAgeSeconds !== undefined) options.maxAgeSeconds = maxAgeSeconds;
  if (noCache) options.cache = noStore ? CacheMode.OFF : CacheMode.REFRESH;
  else if (noStore) options.cache = CacheMode.READ_ONLY;
  // Nothing is asked, so nothing is stored either.
  if (onlyIfCached && !noCache) options.cache = CacheMode.ONLY_IF_CACHED;
}

/** OpenRouter's names for the same: its clients send them whatever stands behind `base_url`. */
function readOpenRouter(headers: IncomingHttpHeaders, options: Options): void {
  const isOn = header(headers, 'x-openrouter-cache');
  const clear = header(headers, 'x-openrouter-cache-clear');
  const ttl = header(headers, 'x-openrouter-cache-ttl');
  if (isOn !== undefined && !oneOf('x-openrouter-cache', isOn, yesOrNo)) options.cache = CacheMode.OFF;
  else if (clear !== undefined && oneOf('x-openrouter-cache-clear', clear, yesOrNo)) options.cache = CacheMode.REFRESH;
  if (ttl !== undefined) options.ttlSeconds = wholeSeconds('x-openrouter-cache-ttl', ttl);
}

/** `authorization: Bearer …` or `x-api-key`; undefined where neither is there. */
export function readApiKey(headers: IncomingHttpHeaders): string | undefined {
  return fromHeader((name) => header(headers, name));
}

/** `x-refrain-timeout-ms`: how long the caller waits at most. */
export function readTimeoutMs(headers: IncomingHttpHeaders): number | undefined {
  const value = header(headers, 'x-refrain-timeout-ms');
  return value === undefined ? undefined : number('x-refrain-timeout-ms', value, Number.MAX_SAFE_INTEGER);
}

/** The caller's own id for the request, if it is printable and short; it is echoed, never used as ours. */
export function readRequestId(headers: IncomingHttpHeaders): string | undefined {
  const id = header(headers, 'x-request-id');
  return id !== undefined && /^[\x21-\x7e]{1,128}$/.test(id) ? id : undefined;
}

function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function oneOf<T>(name: string, value: string, choices: Record<string, T>): T {
  const key = value.trim().toLowerCase();
  const choice = Object.hasOwn(choices, key) ? choices[key] : undefined;
  if (choice === undefined) throw invalid(name, `must be one of ${Object.keys(choices).join(', ')}`);
  return choice;
}

function number(name: string, value: string, maximum: number): number {
  const parsed = Number(value);
  const bounds = maximum === Number.MAX_SAFE_INTEGER ? '' : `, at most ${maximum}`;
  if (!(parsed > 0 && parsed <= maximum)) throw invalid(name, `must be a positive number${bounds}`);
  return parsed;
}

function wholeSeconds(name: string, value: string): number {
  if (!/^\d{1,9}$/.test(value.trim())) throw invalid(name, 'must be a whole number of seconds');
  return Number(value);
}

function list(value: string): string[] {
  return value
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

function invalid(field: string, description: string): RefrainError {
  return new RefrainError('invalid', `${field} ${description}.`, { fields: [{ field, description }] });
}
