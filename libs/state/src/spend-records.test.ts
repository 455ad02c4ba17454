import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utcDay } from './spend-records.ts';

test('a day ends at midnight UTC, whatever day was asked for before', () => {
  const midnight = Date.UTC(2026, 2, 1);
  const days = [midnight - 1, midnight, midnight + 86_399_999, midnight - 1, midnight + 86_400_000].map(utcDay);
  assert.deepEqual(days, ['2026-02-28', '2026-03-01', '2026-03-01', '2026-02-28', '2026-03-02']);
});
