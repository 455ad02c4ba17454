import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Days, midnight } from './day.ts';

const pacific = 'America/Los_Angeles';
const hour = 3_600_000;
const utc = (text: string) => Date.parse(`${text}Z`);
const iso = (ms: number) => new Date(ms).toISOString().slice(0, 19);

test('a day begins at midnight where the provider counts, in winter and in summer', () => {
  assert.equal(iso(midnight(pacific, utc('2026-11-24T12:00:00'))), '2026-11-24T08:00:00');
  assert.equal(iso(midnight(pacific, utc('2026-07-24T12:00:00'))), '2026-07-24T07:00:00');
  assert.equal(iso(midnight(pacific, utc('2026-07-24T06:59:59'))), '2026-07-23T07:00:00');
  assert.equal(iso(midnight('UTC', utc('2026-12-31T23:59:59'), 1)), '2027-01-01T00:00:00');
  assert.equal(iso(midnight('Asia/Kathmandu', utc('2026-01-01T00:00:00'))), '2025-12-31T18:15:00');
});

test('the day on which clocks go forward has 23 hours, the one on which they go back 25', () => {
  const length = (text: string) => (midnight(pacific, utc(text), 1) - midnight(pacific, utc(text))) / hour;
  assert.equal(length('2026-03-08T12:00:00'), 23);
  assert.equal(length('2026-11-01T12:00:00'), 25);
  assert.equal(length('2026-11-02T12:00:00'), 24);
  assert.equal(iso(midnight(pacific, utc('2026-03-08T20:00:00'), 1)), '2026-03-09T07:00:00');
  assert.equal(iso(midnight(pacific, utc('2026-11-01T07:30:00'), 1)), '2026-11-02T08:00:00');
});

test('where clocks change at midnight itself the day begins with its first moment', () => {
  // In Santiago the night of 6 September 2026 goes from 23:59:59 to 01:00:00.
  assert.equal(iso(midnight('America/Santiago', utc('2026-09-06T12:00:00'))), '2026-09-06T04:00:00');
});

test('the midnights around now hold for a clock that is hours wrong, and move on with the day', () => {
  const days = new Days(pacific);
  const now = utc('2026-11-24T12:00:00');
  const four = days.around(now);
  assert.deepEqual(four.map(iso), [
    '2026-11-23T08:00:00',
    '2026-11-24T08:00:00',
    '2026-11-25T08:00:00',
    '2026-11-26T08:00:00',
  ]);
  assert.equal(days.around(now + hour), four);
  assert.equal(days.around(now + 24 * hour)[1], four[2]);
});
