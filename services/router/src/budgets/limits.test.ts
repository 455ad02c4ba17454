import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsOf } from '../../test/question.ts';
import { isLimited, limitsOf } from './limits.ts';

const key = `keys: [{ hash: "sha256:${'0'.repeat(64)}", tenant: acme, user: ann, tier: pro }]\n`;
const money = `money:
  currency: EUR
  perUsd: 0.5
  budgets:
    tenants: { acme: { day: 5, user: { day: 0.5 } } }
    users: { acme/ann: { month: unlimited }, acme/bob: { day: 0 } }
`;
const of = (extra: string, tenant: string, user: string) =>
  limitsOf({ tenant, user, tier: 'pro' }, settingsOf(extra).mesh);
const none = Number.POSITIVE_INFINITY;

test('a user may spend 0.10 EUR a day and 2 EUR a month where nobody has said else', () => {
  const { user, tenant } = of(key, 'acme', 'ann');
  assert.deepEqual([user.day, user.month], [Math.floor(0.1e9 / 0.9), Math.floor(2e9 / 0.9)]);
  assert.deepEqual(tenant, { day: none, month: none });
});

test('who needs no key is bound by no default, but by a budget of its own', () => {
  assert.ok(!isLimited(of('', 'local', 'local')));
  const own = of('money: { perUsd: 1, budgets: { users: { local/local: { day: 1 } } } }\n', 'local', 'local');
  assert.deepEqual(own.user, { day: 1e9, month: none });
});

test('the nearest word counts, for day and month each, in dollars at the fixed rate', () => {
  assert.deepEqual(of(key + money, 'acme', 'ann'), {
    user: { day: 1e9, month: none },
    tenant: { day: 1e10, month: none },
  });
  assert.deepEqual(of(key + money, 'acme', 'bob').user, { day: 0, month: 4e9 });
  assert.deepEqual(of(key + money, 'other', 'ann').user, { day: 0.2e9, month: 4e9 });
});
