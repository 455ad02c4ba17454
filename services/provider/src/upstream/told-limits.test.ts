import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readToldLimits } from './told-limits.ts';

const now = Date.parse('2026-11-24T12:00:00Z');
const read = (headers: Record<string, string>) => readToldLimits({ get: (name) => headers[name] }, now);

test('OpenAI and Groq tell requests and tokens, the time as a duration', () => {
  const headers = {
    'x-ratelimit-limit-requests': '60',
    'x-ratelimit-remaining-requests': '59',
    'x-ratelimit-reset-requests': '120ms',
    'x-ratelimit-limit-tokens': '150000',
    'x-ratelimit-remaining-tokens': '149984',
    'x-ratelimit-reset-tokens': '6m0s',
  };
  assert.deepEqual(read(headers), [[59, 60, 120], [149_984, 150_000, 360_000], undefined, undefined]);
});

test('Anthropic tells requests, tokens, and those of prompt and answer apart, the time as a moment', () => {
  const told = (of: string, left: number, limit: number, seconds: number) => ({
    [`anthropic-ratelimit-${of}-limit`]: String(limit),
    [`anthropic-ratelimit-${of}-remaining`]: String(left),
    [`anthropic-ratelimit-${of}-reset`]: new Date(now + seconds * 1000).toISOString(),
  });
  const headers = {
    ...told('requests', 49, 50, 1),
    ...told('tokens', 9000, 10_000, 6),
    ...told('input-tokens', 7000, 8000, 7),
    ...told('output-tokens', 0, 2000, 60),
  };
  const [requests, tokens, input, output] = read(headers) ?? [];
  assert.deepEqual(
    [requests, tokens, input, output],
    [
      [49, 50, 1000],
      [9000, 10_000, 6000],
      [7000, 8000, 7000],
      [0, 2000, 60_000],
    ],
  );
});

test('OpenRouter tells requests alone, the time in milliseconds since 1970', () => {
  const headers = { 'x-ratelimit-limit': '20', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now + 5000) };
  assert.deepEqual(read(headers)?.[0], [0, 20, 5000]);
});

test('what is missing, negative or no number is not told', () => {
  assert.equal(read({}), undefined);
  assert.equal(read({ 'x-ratelimit-remaining-requests': '3' }), undefined);
  assert.equal(read({ 'x-ratelimit-remaining-requests': '-1', 'x-ratelimit-reset-requests': '0s' }), undefined);
  assert.equal(read({ 'x-ratelimit-remaining-tokens': 'many', 'x-ratelimit-reset-tokens': '1s' }), undefined);
  const noLimit = {
    'x-ratelimit-remaining-tokens': '7',
    'x-ratelimit-reset-tokens': '1s',
    'x-ratelimit-limit-tokens': '-1',
  };
  assert.deepEqual(read(noLimit)?.[1], [7, 0, 1000]);
});
