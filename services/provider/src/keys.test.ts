import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefrainError } from '@refrain/errors';
import { keyId, Secret } from '@refrain/service';
import { manualClock } from '@refrain/testkit';
import { type KeyQuery, LocalKeyPool } from './keys.ts';

const secrets = ['one', 'two', 'three'].map((name) => new Secret(`sk-${name}`));
const [one = '', two = '', three = ''] = secrets.map(keyId);
const exhausted = (retryAfterMs?: number) =>
  new RefrainError('upstream_exhausted', 'wait', retryAfterMs === undefined ? {} : { retryAfterMs });
const denied = new RefrainError('upstream_denied', 'no');
const any: KeyQuery = { model: 'm', excluded: [] };

function setUp() {
  const clock = manualClock();
  return { clock, pool: new LocalKeyPool(secrets, clock) };
}
const take = (pool: LocalKeyPool, count: number, query = any) =>
  Array.from({ length: count }, () => pool.take(query).id);

test('keys take turns', () => {
  assert.deepEqual(take(setUp().pool, 4), [one, two, three, one]);
});

test('a key that was tried is not given again', () => {
  assert.deepEqual(take(setUp().pool, 3, { model: 'm', excluded: [two] }), [one, three, one]);
});

test('a key told to wait rests exactly as long as told, for that model alone', () => {
  const { clock, pool } = setUp();
  pool.report(one, 'm', exhausted(46_000));
  assert.deepEqual(take(pool, 2), [two, three]);
  assert.equal(pool.take({ model: 'other', excluded: [] }).id, one);
  clock.advance(45_999);
  assert.ok(!take(pool, 3).includes(one));
  clock.advance(1);
  assert.ok(take(pool, 3).includes(one));
});

test('a shorter wait told later does not shorten a longer one', () => {
  const { clock, pool } = setUp();
  pool.report(one, 'm', exhausted(10_000));
  pool.report(one, 'm', exhausted(1000));
  clock.advance(5000);
  assert.ok(!take(pool, 3).includes(one));
});

test('a provider that names no time gets five seconds', () => {
  const { clock, pool } = setUp();
  pool.report(one, 'm', exhausted());
  clock.advance(4999);
  assert.ok(!take(pool, 3).includes(one));
  clock.advance(1);
  assert.ok(take(pool, 3).includes(one));
});

test('a refused key is out for every model and for good', () => {
  const { clock, pool } = setUp();
  pool.report(two, 'm', denied);
  clock.advance(1e9);
  assert.ok(!take(pool, 4, { model: 'other', excluded: [] }).includes(two));
  assert.deepEqual(pool.counts(), { active: 2, resting: 0, disabled: 1 });
});

test('other failures say nothing about the key', () => {
  const { pool } = setUp();
  for (const code of ['unavailable', 'overloaded', 'invalid', 'canceled'] as const)
    pool.report(one, 'm', new RefrainError(code, 'x', { retryAfterMs: 60_000 }));
  assert.deepEqual(pool.counts(), { active: 3, resting: 0, disabled: 0 });
});

test('without a usable key it says when the first comes back, that all were tried, or that none works', () => {
  const { clock, pool } = setUp();
  for (const [id, ms] of [
    [one, 9000],
    [two, 4000],
    [three, 7000],
  ] as const)
    pool.report(id, 'm', exhausted(ms));
  clock.advance(1000);
  assert.equal(pool.available(any), false);
  const noKey = { code: 'upstream_exhausted', reason: 'NO_KEY' };
  assert.throws(() => pool.take(any), { ...noKey, retryAfterMs: 3000 });
  assert.throws(() => pool.take({ model: 'm', excluded: [two] }), { ...noKey, retryAfterMs: 6000 });
  assert.throws(() => pool.take({ model: 'x', excluded: [one, two, three] }), { ...noKey, retryAfterMs: undefined });
  for (const id of [one, two, three]) pool.report(id, 'm', denied);
  assert.throws(() => pool.take(any), { code: 'upstream_denied', reason: 'NO_KEY' });
});
