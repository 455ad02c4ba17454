/** How long a provider asks us to wait: read from whichever of the headers in use it sends. */
import type { UpstreamHeaders } from './http.ts';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** "6m0s", "46s", "1.5s", "120ms" in milliseconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) {
    total += Number(amount) * (unitMs[unit ?? ''] ?? 0);
  }
  return Math.ceil(total);
}

/** A moment or a span in any of the forms seen: Go duration, RFC 3339, epoch seconds or milliseconds, plain seconds. */
export function untilMs(text: string, nowMs: number): number | undefined {
  if (text.trim() === '') return undefined;
  const duration = parseDuration(text);
  if (duration !== undefined) return duration;
  const number = Number(text);
  if (Number.isFinite(number)) {
    if (number < 0) return undefined;
    if (number > 1e12) return Math.max(0, Math.ceil(number - nowMs));
    if (number > 1e9) return Math.max(0, Math.ceil(number * 1000 - nowMs));
    return Math.ceil(number * 1000);
  }
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? undefined : Math.max(0, Math.ceil(moment - nowMs));
}

/** Pairs of headers that say how much is left and when it comes back, for OpenAI's and Anthropic's families. */
const windows: readonly (readonly [remaining: string, reset: string])[] = [
  ...['requests', 'tokens'].map((of) => [`x-ratelimit-remaining-${of}`, `x-ratelimit-reset-${of}`] as const),
  ['x-ratelimit-remaining', 'x-ratelimit-reset'],
  ...['requests', 'tokens', 'input-tokens', 'output-tokens'].map(
    (of) => [`anthropic-ratelimit-${of}-remaining`, `anthropic-ratelimit-${of}-reset`] as const,
  ),
];

/**
 * Milliseconds until asking again makes sense, `nowMs` being the wall clock; undefined when nothing was told.
 * `retry-after-ms` and `retry-after` come first; of the windows, those that are used up count, else the longest.
 */
export function toldToWait(headers: UpstreamHeaders, nowMs: number): number | undefined {
  const precise = Number(headers.get('retry-after-ms') || Number.NaN);
  if (precise >= 0 && Number.isFinite(precise)) return Math.ceil(precise);
  const after = headers.get('retry-after');
  const told = after === undefined ? undefined : untilMs(after, nowMs);
  if (told !== undefined) return told;
  const used: number[] = [];
  const all: number[] = [];
  for (const [remaining, reset] of windows) {
    const text = headers.get(reset);
    const wait = text === undefined ? undefined : untilMs(text, nowMs);
    if (wait === undefined) continue;
    all.push(wait);
    if (Number(headers.get(remaining) ?? Number.NaN) === 0) used.push(wait);
  }
  if (all.length === 0) return undefined;
  return Math.max(...(used.length > 0 ? used : all));
}
