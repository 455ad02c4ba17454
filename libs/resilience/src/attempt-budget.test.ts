import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AttemptBudget } from './attempt-budget.ts';

test('a budget gives as many attempts as it has, then none, and counts only those it gave', () => {
  const budget = new AttemptBudget(2);
  assert.deepEqual([budget.take(), budget.take(), budget.take(), budget.take()], [true, true, false, false]);
  assert.equal(budget.used, 2);
});
