import type { IncomingHttpHeaders } from 'node:http';
import { create } from '@bufbuild/protobuf';
import { CacheMode, FallbackMode, type Options, OptionsSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { readApiKey as fromHeader } from '../api-key.ts';

const cacheModes: Record<string, CacheMode> = {
  on: CacheMode.UNSPECIFIED,
  off: CacheMode.OFF,
  refresh: CacheMode.REFRESH,
  'read-only': CacheMode.READ_ONLY,
};

/**
 * Reads what a request asks beside the chat: `x-refrain-cache` (on, off, refresh, read-only), `cache-control`
 * (no-cache reads nothing, no-store keeps nothing), `x-refrain-fallback: none`, `x-refrain-minimum-confidence`.
 * @throws RefrainError `invalid` for a value that means nothing.
 */
export function readOptions(headers: IncomingHttpHeaders): Options {
  const options = create(OptionsSchema, { cache: cacheControl(headers['cache-control']) });
  const cache = header(headers, 'x-refrain-cache');
  if (cache !== undefined) options.cache = oneOf('x-refrain-cache', cache, cacheModes);
  const fallback = header(headers, 'x-refrain-fallback');
  if (fallback !== undefined) {
    options.fallback = oneOf('x-refrain-fallback', fallback, {
      none: FallbackMode.NONE,
      full: FallbackMode.UNSPECIFIED,
    });
  }
  const confidence = header(headers, 'x-refrain-minimum-confidence');
  if (confidence !== undefined) options.minimumConfidence = number('x-refrain-minimum-confidence', confidence, 1);
  return options;
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

function cacheControl(value: string | undefined): CacheMode {
  const words = (value ?? '').toLowerCase();
  const noRead = words.includes('no-cache');
  const noStore = words.includes('no-store');
  if (noRead && noStore) return CacheMode.OFF;
  if (noRead) return CacheMode.REFRESH;
  return noStore ? CacheMode.READ_ONLY : CacheMode.UNSPECIFIED;
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
  if (!(parsed > 0 && parsed <= maximum)) throw invalid(name, 'must be a positive number');
  return parsed;
}

function invalid(field: string, description: string): RefrainError {
  return new RefrainError('invalid', `${field} ${description}.`, { fields: [{ field, description }] });
}
