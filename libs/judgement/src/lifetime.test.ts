import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { ClassificationSchema, Complexity, Task } from '@refrain/contracts';
import { type LifetimeRule, type Lived, ttlsOf } from './lifetime.ts';

const classification = create(ClassificationSchema, { task: Task.CODE, complexity: Complexity.SIMPLE, volatile: true });
const lived: Lived = { tenant: 'acme', models: ['auto', 'one/large'], classification };
const ttls = (lifetimes: LifetimeRule[], more: Partial<Lived> = {}) => {
  const { exact, semantic } = ttlsOf(
    { ...lived, ...more },
    { lifetimes, exact: { ttlSeconds: 3600 }, semantic: { ttlSeconds: 1800 }, staleSeconds: 86_400 },
  );
  return [exact, semantic];
};

test('without a rule that fits the defaults hold', () => {
  assert.deepEqual(ttls([]), [3600, 1800]);
  assert.deepEqual(ttls([{ when: { tenant: ['globex'] }, exactSeconds: 1, semanticSeconds: 1 }]), [3600, 1800]);
});

for (const [name, when, other] of [
  ['tenant', { tenant: ['acme'] }, { tenant: ['globex'] }],
  ['model as it was asked for', { model: ['auto'] }, { model: ['best'] }],
  ['model that answered', { model: ['one/large'] }, { model: ['two/large'] }],
  ['task', { task: ['text', 'code'] }, { task: ['text'] }],
  ['complexity', { complexity: ['simple'] }, { complexity: ['complex'] }],
  ['volatility', { volatile: true }, { volatile: false }],
] as const) {
  test(`a rule fits by ${name}`, () => {
    assert.deepEqual(ttls([{ when, exactSeconds: 5, semanticSeconds: 6 }]), [5, 6]);
    assert.deepEqual(ttls([{ when: other, exactSeconds: 5, semanticSeconds: 6 }]), [3600, 1800]);
  });
}

test('the first rule that fits counts, with all it asks for; what it does not say is the default', () => {
  const rules: LifetimeRule[] = [
    { when: { tenant: ['acme'], task: ['text'] }, exactSeconds: 1 },
    { when: { tenant: ['acme'], task: ['code'] }, exactSeconds: 2 },
    { when: {}, exactSeconds: 3 },
  ];
  assert.deepEqual(ttls(rules), [2, 1800]);
});

test("the caller's wish comes before every rule, as far as answers are kept at all", () => {
  const rules: LifetimeRule[] = [{ when: {}, exactSeconds: 5, semanticSeconds: 6 }];
  assert.deepEqual(ttls(rules, { ttlSeconds: 60 }), [60, 60]);
  assert.deepEqual(ttls(rules, { ttlSeconds: 1_000_000 }), [86_400, 86_400]);
});
