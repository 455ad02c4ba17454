import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration, toldToWait } from './retry-after.ts';

const now = Date.parse('2026-11-24T12:00:00Z');
const told = (headers: Record<string, string>) => toldToWait({ get: (name) => headers[name] }, now);

test('durations as Go and Google write them', () => {
  const known: [string, number][] = [
    ['6m0s', 360_000],
    ['46s', 46_000],
    ['1.5s', 1500],
    ['120ms', 120],
    ['1h2m3s', 3_723_000],
    ['1d', 86_400_000],
    ['0.0004s', 1],
  ];
  for (const [text, ms] of known) assert.equal(parseDuration(text), ms, text);
  for (const text of ['', '5', 's', '5 s', '-5s', '1e3s', '5sx']) assert.equal(parseDuration(text), undefined, text);
});

test('retry-after in every form in use', () => {
  assert.equal(told({ 'retry-after': '30' }), 30_000);
  assert.equal(told({ 'retry-after': '0.25' }), 250);
  assert.equal(told({ 'retry-after': '0' }), 0);
  assert.equal(told({ 'retry-after': 'Tue, 24 Nov 2026 12:01:00 GMT' }), 60_000);
  assert.equal(told({ 'retry-after': '2026-11-24T12:00:10Z' }), 10_000);
  assert.equal(told({ 'retry-after': 'Tue, 24 Nov 2026 11:00:00 GMT' }), 0);
});

test('what says nothing is not taken for "at once"', () => {
  for (const value of ['', '  ', 'soon', '-1']) assert.equal(told({ 'retry-after': value }), undefined, value);
  assert.equal(told({ 'retry-after-ms': '' }), undefined);
  assert.equal(told({ 'retry-after-ms': 'Infinity' }), undefined);
  assert.equal(told({}), undefined);
});

test('milliseconds count before seconds, and both before the windows', () => {
  const windows = { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1m' };
  assert.equal(told({ ...windows, 'retry-after': '2', 'retry-after-ms': '1500.2' }), 1501);
  assert.equal(told({ ...windows, 'retry-after': '2' }), 2000);
});

test('of the windows those that are used up count, the longest of them', () => {
  const openAi = {
    'x-ratelimit-remaining-requests': '0',
    'x-ratelimit-reset-requests': '2s',
    'x-ratelimit-remaining-tokens': '149984',
    'x-ratelimit-reset-tokens': '6m0s',
  };
  assert.equal(told(openAi), 2000);
  assert.equal(told({ ...openAi, 'x-ratelimit-remaining-tokens': '0' }), 360_000);
  assert.equal(told({ ...openAi, 'x-ratelimit-remaining-requests': '7' }), 360_000);
});

test('moments count from now: RFC 3339 (Anthropic), epoch seconds and milliseconds (OpenRouter)', () => {
  assert.equal(told({ 'anthropic-ratelimit-requests-reset': '2026-11-24T12:00:46Z' }), 46_000);
  assert.equal(told({ 'x-ratelimit-reset': String(now / 1000 + 5) }), 5000);
  assert.equal(told({ 'x-ratelimit-reset': String(now + 5000) }), 5000);
  assert.equal(told({ 'x-ratelimit-reset': String(now - 5000) }), 0);
});
