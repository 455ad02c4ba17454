import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBudgetAlarm, type Standing } from './budget-alarm.ts';

const day = { day: 1000, month: Number.POSITIVE_INFINITY };

/** What is raised of one standing: its cause, and what it says. */
function raisedBy(
  standing: Partial<Standing>,
): { cause: string; kind: string; text: string; quietMs: number | undefined }[] {
  const raised: ReturnType<typeof raisedBy> = [];
  createBudgetAlarm((cause, { kind, quietMs, text }) => void raised.push({ cause, kind, text, quietMs }))({
    ...{ kind: 'user', name: 'acme/ann', day: '2026-11-25', refusedNanoUsd: 0, limits: day },
    state: { daySpent: 0, monthSpent: 0, held: 0 },
    ...standing,
  });
  return raised;
}
const spentOf = (daySpent: number, more: Partial<Standing> = {}) =>
  raisedBy({ state: { daySpent, monthSpent: daySpent, held: 0 }, ...more });
const levels = (raised: ReturnType<typeof raisedBy>) => raised.map(({ cause }) => cause.split(':')[1]);

test('at four fifths of a budget, and when it is spent, operators are told', () => {
  assert.deepEqual(
    [799, 800, 999, 1000, 1300].map((spent) => levels(spentOf(spent))),
    [...[[], ['near'], ['near'], ['spent'], ['spent']]],
  );
  const [near] = spentOf(850);
  assert.equal(
    near?.text,
    'The day budget of the user acme/ann is spent by more than 80 % in 2026-11-25 (UTC): 85 % are spent.',
  );
  assert.deepEqual([near?.kind, near?.quietMs], ['budget', 86_400_000]);
});

test('a budget that covers a request no more is spent; one that is only held, or too small for the request, is not', () => {
  assert.deepEqual(levels(spentOf(950, { refusedNanoUsd: 90 })), ['spent']);
  assert.deepEqual(levels(spentOf(600, { refusedNanoUsd: 90 })), []);
  assert.deepEqual(levels(raisedBy({ state: { daySpent: 100, monthSpent: 100, held: 890 }, refusedNanoUsd: 90 })), []);
  assert.deepEqual(levels(spentOf(0, { refusedNanoUsd: 5000 })), []);
});

test('day and month are causes of their own, and so is each period, account and limit', () => {
  const both = spentOf(900, { limits: { day: 1000, month: 1000 } });
  assert.deepEqual(
    both.map(({ cause }) => cause),
    ['budget:near:user:acme/ann:2026-11-25:1000', 'budget:near:user:acme/ann:2026-11:1000'],
  );
  const others = [{ day: '2026-11-26' }, { kind: 'tenant', name: 'acme' }, { limits: { ...day, day: 1100 } }] as const;
  const causes = [both[0], ...others.map((more) => spentOf(900, more)[0])].map((raised) => raised?.cause);
  assert.equal(new Set(causes).size, 4);
});

test('who has no limit, or no budget at all, is nobody to tell of', () => {
  for (const limit of [Number.POSITIVE_INFINITY, 0])
    assert.deepEqual(spentOf(10 ** 12, { limits: { day: limit, month: limit }, refusedNanoUsd: 10 }), []);
});
