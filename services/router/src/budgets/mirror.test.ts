import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallersLimits } from './limits.ts';
import { Mirror } from './mirror.ts';

const none = { day: Number.POSITIVE_INFINITY, month: Number.POSITIVE_INFINITY };
const thousand: CallersLimits = { user: { day: 1000, month: 1500 }, tenant: none };
const on = (day: string) => ({ user: { name: 'acme/ann', day }, tenant: { name: 'acme', day } });
const today = on('2026-11-25');
let attempts = 0;
const hold = (amount: number, endsAtMs = 1000) => {
  attempts += 1;
  return { attemptId: `a${attempts}`, amount, endsAtMs };
};

test('budgets close at nine tenths of what was last known and what was done since', () => {
  const mirror = new Mirror(() => 0);
  mirror.heard(today.user, { daySpent: 500, monthSpent: 500, held: 100 });
  const first = hold(200);
  assert.equal(mirror.hold(today, thousand, first), '');
  assert.equal(mirror.hold(today, thousand, hold(101)), 'user/day');
  mirror.settle(today.user, first.attemptId, 50);
  assert.equal(mirror.hold(today, thousand, hold(250)), '');
  assert.equal(mirror.hold(today, thousand, hold(1)), 'user/day');
});

test('an attempt that is told again and again, as its record is while Redis is away, counts once', () => {
  const mirror = new Mirror(() => 0);
  for (let i = 0; i < 5; i += 1) mirror.settle(today.user, 'again', 400);
  assert.equal(mirror.hold(today, thousand, hold(500)), '');
});

test('what Redis says counts again from when it is heard', () => {
  const mirror = new Mirror(() => 0);
  mirror.settle(today.user, 'b', 900);
  assert.equal(mirror.hold(today, thousand, hold(1)), 'user/day');
  mirror.heard(today.user, { daySpent: 0, monthSpent: 0, held: 0 });
  assert.equal(mirror.hold(today, thousand, hold(900)), '');
});

test('holds end by themselves, days and months begin at nothing', () => {
  let now = 0;
  const mirror = new Mirror(() => now);
  assert.equal(mirror.hold(today, thousand, hold(900)), '');
  now = 1000;
  const spent = hold(900, 2000);
  assert.equal(mirror.hold(today, thousand, spent), '');
  mirror.settle(today.user, spent.attemptId, 900);
  assert.equal(mirror.hold(on('2026-11-26'), thousand, hold(451, 2000)), 'user/month');
  assert.equal(mirror.hold(on('2026-12-01'), thousand, hold(900, 2000)), '');
});

test('a tenant’s limit is its users’ together', () => {
  const mirror = new Mirror(() => 0);
  const limits = { user: none, tenant: { day: 1000, month: none.month } };
  assert.equal(mirror.hold(today, limits, hold(500)), '');
  const bob = { user: { name: 'acme/bob', day: '2026-11-25' }, tenant: today.tenant };
  assert.equal(mirror.hold(bob, limits, hold(500)), 'tenant/day');
});

test('it knows ten thousand accounts, the ones used last', () => {
  const mirror = new Mirror(() => 0);
  mirror.settle(today.user, 'c', 900);
  for (let i = 0; i < 10_000; i += 1) mirror.settle({ name: `acme/${i}`, day: '2026-11-25' }, 'd', 1);
  assert.equal(mirror.hold(today, thousand, hold(900)), '', 'forgotten');
});
