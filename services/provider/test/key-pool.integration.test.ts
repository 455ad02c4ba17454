/** What the shared pool promises of each key, by a clock that is moved by hand. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RefrainError } from '@refrain/errors';
import { orderKey } from '@refrain/state';
import { manualClock } from '@refrain/testkit';
import { midnight } from '../src/keys/day.ts';
import { toKeys } from '../src/keys/key-set.ts';
import type { Lease } from '../src/keys/lease.ts';
import { toPlan } from '../src/keys/pool-plan.ts';
import type { SharedPool } from '../src/keys/shared-pool.ts';
import { keysOf, numbers, type PoolRig, providerOf, query, startPoolRig, use } from './pool.ts';

const limited = (retryAfterMs?: number) =>
  new RefrainError('upstream_exhausted', 'x', {
    reason: 'RATE_LIMITED',
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
const refused = new RefrainError('upstream_denied', 'x', { reason: 'KEY_REJECTED' });
const broken = new RefrainError('unavailable', 'x', { reason: 'UPSTREAM_FAILED' });
const minute = 60_000;
const day = 86_400_000;

describe('the key pool', () => {
  let rig: PoolRig;
  let made = 0;
  before(async () => {
    rig = await startPoolRig();
  });
  after(() => rig.stop());

  /** Workers of a provider of its own, each with the same keys. */
  const workers = (config: string, count: number, howMany = 1, more: Parameters<PoolRig['pool']>[2] = {}) => {
    made += 1;
    const options = { provider: `p${made}`, ...more };
    return Array.from({ length: howMany }, () => rig.pool(config, count, options));
  };
  const worker = (config: string, count: number, more: Parameters<PoolRig['pool']>[2] = {}) => {
    const [pool] = workers(config, count, 1, more);
    assert.ok(pool);
    return pool;
  };
  const uses = async (pool: SharedPool, count: number, more: Parameters<typeof query>[0] = {}) => {
    const leases: Lease[] = [];
    for (let i = 0; i < count; i += 1) leases.push(await use(pool, more));
    return numbers(pool, leases);
  };
  const fail = async (pool: SharedPool, error: RefrainError, more: Parameters<typeof query>[0] = {}) => {
    const lease = await pool.lease(query(more));
    pool.settle(lease, { kind: 'ended', tokens: 0, error });
    return lease;
  };
  const whyNot = (pool: SharedPool, more: Parameters<typeof query>[0] = {}) =>
    pool.lease(query(more)).then(
      () => assert.fail('a key was given'),
      ({ code, reason, retryAfterMs }: RefrainError) => [code, reason, retryAfterMs],
    );

  it('gives keys in turn, over all workers, and none that the request has tried', async () => {
    const [one, other] = workers('strategy: round-robin', 3, 2) as [SharedPool, SharedPool];
    assert.deepEqual([...(await uses(one, 2)), ...(await uses(other, 2)), ...(await uses(one, 1))], [1, 2, 3, 1, 2]);
    const [first = '', second = ''] = one.keys.keys();
    assert.deepEqual(await uses(one, 2, { excluded: [first, second] }), [3, 3]);
    assert.deepEqual(await whyNot(one, { excluded: [...one.keys.keys()] }), [
      'upstream_exhausted',
      'NO_KEY',
      undefined,
    ]);
  });

  it('stays with the key it is asked to stay with, where that can be used', async () => {
    const pool = worker('strategy: round-robin', 3);
    const [, second = ''] = pool.keys.keys();
    assert.deepEqual(await uses(pool, 3, { preferred: second }), [2, 2, 2]);
    assert.deepEqual(await uses(pool, 1), [1], 'and the turn of the others is not lost');
    assert.deepEqual(await uses(pool, 1, { preferred: second, excluded: [second] }), [3]);
  });

  it('gives the least used, the one with most left, or as the weights say', async () => {
    const least = worker('strategy: least-used', 3);
    const [first = ''] = least.keys.keys();
    await uses(least, 4, { preferred: first });
    assert.deepEqual((await uses(least, 4)).sort(), [2, 2, 3, 3]);

    const text = 'strategy: weighted, pools: { big: { keys: BIG, weight: 3 } }';
    const weighted = worker(text, 0, { keys: toKeys(providerOf(text), keysOf(1, { BIG: ['sk-big'] })) });
    const given = await uses(weighted, 40);
    assert.equal(given.filter((number) => number === 2).length, 30);

    const room =
      'strategy: most-headroom, limits: { requestsPerMinute: 10 }, pools: { big: { keys: BIG, limits: { requestsPerMinute: 30 } } }';
    const headroom = worker(room, 0, { keys: toKeys(providerOf(room), keysOf(1, { BIG: ['sk-big'] })) });
    assert.equal((await uses(headroom, 20)).filter((number) => number === 2).length, 15);
  });

  it('gives no key more requests or tokens in any sixty seconds than it may have, and says when the next may come', async () => {
    const pool = worker('limits: { requestsPerMinute: 20 }', 1);
    const given: number[] = [];
    for (let i = 0; i < 2000; i += 1) {
      rig.clock.advance(200);
      const lease = await pool.lease(query()).catch(() => undefined);
      if (!lease) continue;
      given.push(rig.clock.now());
      pool.settle(lease, { kind: 'ended', tokens: 0 });
    }
    assert.ok(given.length > 100, `${given.length} in 400 s`);
    for (const at of given) assert.ok(given.filter((other) => other > at - minute && other <= at).length <= 20);
    const [code, reason, wait] = await whyNot(pool);
    assert.deepEqual([code, reason], ['upstream_exhausted', 'NO_KEY']);
    rig.clock.advance(Number(wait) - 1);
    await whyNot(pool);
    rig.clock.advance(1);
    await use(pool);
  });

  it('reserves tokens and corrects them by what was used; a request above the limit itself has the key alone', async () => {
    const pool = worker('limits: { tokensPerMinute: 1000 }', 1);
    const open = await Promise.all(
      [1, 2, 3].map(() => pool.lease(query({ want: { promptTokens: 100, outputTokens: 200 } }))),
    );
    const want = { promptTokens: 50, outputTokens: 100 };
    await whyNot(pool, { want });
    for (const lease of open) pool.settle(lease, { kind: 'ended', tokens: 50 });
    await use(pool, { want });
    const huge = { promptTokens: 5000, outputTokens: 0 };
    await whyNot(pool, { want: huge });
    rig.clock.advance(80_000);
    await use(pool, { want: huge });
  });

  it('counts a call that never went out as none', async () => {
    const pool = worker('limits: { requestsPerMinute: 1, requestsPerDay: 1 }', 1);
    pool.settle(await pool.lease(query()), { kind: 'unused' });
    await use(pool);
    await whyNot(pool);
  });

  for (const [what, start, hours] of [
    ['an ordinary day', '2026-11-24T20:00:00Z', 12],
    ['the day on which clocks go forward', '2026-03-08T09:00:00Z', 22],
    ['the day on which clocks go back', '2026-11-01T08:00:00Z', 24],
  ] as const) {
    it(`begins the day anew at the provider’s midnight: ${what}, a hundred keys, three workers whose clocks differ`, async () => {
      const now = Date.parse(start);
      const clock = manualClock(now);
      const text = 'resetTimeZone: America/Los_Angeles, limits: { requestsPerDay: 2 }, concurrency: 1000';
      const provider = `days${hours}`;
      const pools = [0, -5, 5].map((minutes) => rig.pool(text, 100, { provider, clock, skewMs: minutes * minute }));
      const all = async () => Promise.all(Array.from({ length: 200 }, (_, i) => pools[i % 3]?.lease(query())));
      for (const lease of await all()) if (lease) pools[0]?.settle(lease, { kind: 'ended', tokens: 1 });
      const [pool] = pools;
      assert.ok(pool);
      assert.deepEqual(await whyNot(pool), ['upstream_exhausted', 'NO_KEY', hours * 60 * minute]);
      clock.advance(hours * 60 * minute - 1);
      await whyNot(pool);
      clock.advance(1);
      assert.equal(clock.now(), midnight('America/Los_Angeles', clock.now()));
      const given = numbers(
        pool,
        (await all()).flatMap((lease) => lease ?? []),
      );
      assert.deepEqual([given.length, new Set(given).size], [200, 100]);
    });
  }

  it('lets a key rest exactly as long as the longest it was told, for that model alone', async () => {
    const pool = worker('', 1);
    const under = await pool.lease(query());
    await fail(pool, limited(46_000));
    pool.settle(under, { kind: 'ended', tokens: 0, error: limited(1000) });
    assert.deepEqual(await whyNot(pool), ['upstream_exhausted', 'NO_KEY', 46_000]);
    await use(pool, { model: 'other' });
    rig.clock.advance(45_999);
    assert.deepEqual(await whyNot(pool), ['upstream_exhausted', 'NO_KEY', 1]);
    rig.clock.advance(1);
    await use(pool);
  });

  it('lets one request try a key that has rested, and the others only once the provider has taken it', async () => {
    const pool = worker('', 1);
    await fail(pool, limited());
    assert.equal((await whyNot(pool))[2], 5000, 'where no time is told');
    rig.clock.advance(5000);
    const first = await pool.lease(query());
    assert.equal((await whyNot(pool))[2], 1000);
    pool.settle(first, { kind: 'ended', tokens: 0, error: limited(2000) });
    rig.clock.advance(2000);
    const second = await pool.lease(query());
    await whyNot(pool);
    pool.told(second, { isTaken: true, limits: undefined });
    await pool.lease(query());
    await pool.lease(query());
  });

  it('takes a refused key out for all workers and all models, and probes it after 15 minutes, then half an hour, up to a day', async () => {
    const [pool, other] = workers('', 2, 2) as [SharedPool, SharedPool];
    const [first = '', second = ''] = pool.keys.keys();
    await fail(pool, refused, { preferred: first });
    assert.deepEqual(await uses(other, 2, { model: 'other' }), [2, 2]);
    const due: number[] = [];
    const start = rig.clock.now();
    for (let i = 0; i < 2000 && due.length < 9; i += 1) {
      rig.clock.advance(5 * minute);
      if (!(await pool.claimProbe(first))) continue;
      assert.equal(await other.claimProbe(first), false, 'one worker alone');
      due.push((rig.clock.now() - start) / minute);
      await pool.probed(first, false);
    }
    const gaps = due.map((at, i) => at - (due[i - 1] ?? 0));
    assert.deepEqual(gaps, [15, 30, 60, 120, 240, 480, 960, 1440, 1440]);
    rig.clock.advance(day);
    assert.ok(await other.claimProbe(first));
    await other.probed(first, true);
    const trial = await pool.lease(query({ preferred: first }));
    assert.equal(trial.key.id, first);
    assert.equal((await pool.lease(query({ preferred: first }))).key.id, second, 'one request tries it');
    assert.equal(await pool.claimProbe(second), false, 'a key that works is not probed');
  });

  it('says that none works once the last was refused; an operator revives one, or takes it out for good', async () => {
    const pool = worker('', 1);
    const provider = `p${made}`;
    const [id = ''] = pool.keys.keys();
    const error = new RefrainError('upstream_denied', 'x', { reason: 'SPEND_LIMIT' });
    await fail(pool, error);
    assert.deepEqual(await whyNot(pool), ['upstream_denied', 'NO_KEY', undefined]);
    assert.ok(await orderKey(rig.state, { provider, id, kind: 'revive' }));
    await use(pool);
    assert.ok(await orderKey(rig.state, { provider, id, kind: 'disable' }));
    rig.clock.advance(100 * day);
    assert.deepEqual(await whyNot(pool), ['upstream_denied', 'NO_KEY', undefined]);
    assert.equal(await pool.claimProbe(id), false);
    assert.equal(await orderKey(rig.state, { provider, id: '0123456789ab', kind: 'revive' }), false);
  });

  it('does not hold against a key what is its provider’s own fault, unless that names a time', async () => {
    const pool = worker('', 2);
    const [first = ''] = pool.keys.keys();
    for (let i = 0; i < 9; i += 1) assert.equal((await fail(pool, broken, { preferred: first })).key.id, first);
    const overloaded = new RefrainError('overloaded', 'x', { reason: 'UPSTREAM_OVERLOADED', retryAfterMs: 2000 });
    await fail(pool, overloaded, { preferred: first });
    assert.deepEqual(await uses(pool, 2, { preferred: first }), [2, 2]);
    rig.clock.advance(2000);
    assert.deepEqual(await uses(pool, 2, { preferred: first }), [1, 1]);
  });

  it('shares the provider’s places between workers that all want more than there are', async () => {
    const [pool, other, third] = workers('concurrency: 10', 2, 3) as [SharedPool, SharedPool, SharedPool];
    const mine = await Promise.all(Array.from({ length: 10 }, () => pool.lease(query())));
    const counts = () => [pool, other, third].map((each) => each.leases.length);
    for (let i = 0; i < 40; i += 1) {
      rig.clock.advance(50);
      for (const each of [other, third]) await each.lease(query()).catch(() => undefined);
      const done = mine.shift();
      if (done) pool.settle(done, { kind: 'ended', tokens: 0 });
      await pool
        .lease(query())
        .then((lease) => mine.push(lease))
        .catch(() => undefined);
    }
    assert.equal(
      counts().reduce((sum, count) => sum + count),
      10,
    );
    for (const count of counts()) assert.ok(count >= 2 && count <= 5, `${counts()}`);
  });

  it('lets a key rest once its provider says that nothing is left, before it has to say 429', async () => {
    const [pool, other] = workers('', 1, 2) as [SharedPool, SharedPool];
    const lease = await pool.lease(query());
    pool.told(lease, { isTaken: true, limits: [[2, 50, 30_000], undefined, undefined, undefined] });
    await use(other);
    await pool.lease(query());
    assert.deepEqual(await whyNot(other), ['upstream_exhausted', 'NO_KEY', 30_000]);
    rig.clock.advance(30_000);
    await use(other);
    const next = await pool.lease(query());
    pool.told(next, { isTaken: true, limits: [undefined, undefined, undefined, [80, 2000, 9000]] });
    await use(other, { want: { promptTokens: 1000, outputTokens: 80 } });
    assert.deepEqual(await whyNot(other, { want: { promptTokens: 1, outputTokens: 1 } }), [
      'upstream_exhausted',
      'NO_KEY',
      9000,
    ]);
  });

  it('sets off what was asked after the call whose headers tell what is left', async () => {
    const pool = worker('', 1);
    const [first] = [await pool.lease(query()), await pool.lease(query()), await pool.lease(query())];
    pool.told(first, { isTaken: true, limits: [[3, 50, 30_000], undefined, undefined, undefined] });
    await pool.lease(query());
    await whyNot(pool);
  });

  it('prefers other keys from the threshold of a quota on, and uses it up where there is none', async () => {
    const shares: number[] = [];
    const watcher = { used: (_: string, share: number) => void shares.push(share) };
    const pool = worker('strategy: round-robin, limits: { requestsPerMinute: 10 }', 2, { threshold: 0.8, watcher });
    const [first = ''] = pool.keys.keys();
    await uses(pool, 8, { preferred: first });
    assert.deepEqual(await uses(pool, 8), [2, 2, 2, 2, 2, 2, 2, 2]);
    assert.equal(shares.filter((share) => share >= 0.8).length, 2);
    assert.deepEqual((await uses(pool, 4)).sort(), [1, 1, 2, 2]);
    await whyNot(pool);
  });

  it('takes the keys of its own region first', async () => {
    const text =
      'limits: { requestsPerMinute: 2 }, pools: { eu: { keys: EU, region: eu }, us: { keys: US, region: us } }';
    const keys = toKeys(providerOf(text), keysOf(1, { EU: ['sk-eu'], US: ['sk-us'] }));
    const pool = worker(text, 0, { keys, region: 'us' });
    assert.deepEqual(await uses(pool, 2), [3, 3]);
    assert.deepEqual((await uses(pool, 4)).sort(), [1, 1, 2, 2]);
  });

  it('lets no more calls under way than provider and key may have, over all workers; a dead worker’s places come free', async () => {
    const [pool, other, dead] = workers('concurrency: 6, limits: { concurrency: 3 }', 3, 3) as [
      SharedPool,
      SharedPool,
      SharedPool,
    ];
    const mine = [await pool.lease(query()), await pool.lease(query())];
    await other.lease(query());
    for (let i = 0; i < 3; i += 1) await dead.lease(query());
    const busy = ['overloaded', 'PROVIDER_BUSY', undefined];
    assert.deepEqual(await whyNot(pool), busy);
    const [first] = mine;
    assert.ok(first);
    pool.settle(first, { kind: 'ended', tokens: 0 });
    await other.lease(query());
    for (let i = 0; i < 4; i += 1) {
      rig.clock.advance(5000);
      await Promise.all([pool.renew(), other.renew()]);
    }
    for (let i = 0; i < 3; i += 1) await pool.lease(query());
    assert.deepEqual(await whyNot(other), busy);
    const [alone] = workers('limits: { concurrency: 2 }', 1);
    assert.ok(alone);
    await alone.lease(query());
    await alone.lease(query());
    assert.deepEqual(await whyNot(alone), busy);
  });

  it('goes over to other keys while it runs; what was taken with an old one goes on', async () => {
    const pool = worker('', 2);
    const section = providerOf('');
    const old = await pool.lease(query());
    const keys = toKeys(section, () => keysOf(4)('IT').slice(2));
    pool.replaceKeys(keys, toPlan(section, keys, { threshold: 1 }));
    assert.deepEqual(
      await uses(pool, 3),
      [2, 1, 2].map((number) => number),
    );
    pool.settle(old, { kind: 'ended', tokens: 3 });
    await pool.synchronize();
    assert.equal(pool.local.keys.get(old.key.id)?.running, 0);
  });

  it('forgets a key that no worker has had for a month, but not one that an operator took out', async () => {
    const [pool, old] = workers('', 2, 2) as [SharedPool, SharedPool];
    const [first = '', second = ''] = pool.keys.keys();
    await old.synchronize();
    await orderKey(rig.state, { provider: `p${made}`, id: second, kind: 'disable' });
    const section = providerOf('');
    const keys = toKeys(section, () => keysOf(3)('IT').slice(2));
    pool.replaceKeys(keys, toPlan(section, keys, { threshold: 1 }));
    rig.clock.advance(29 * day);
    await pool.synchronize();
    assert.ok(pool.local.keys.has(first));
    rig.clock.advance(2 * day);
    await pool.synchronize();
    await pool.synchronize();
    assert.deepEqual([...pool.local.keys.keys()].sort(), [second, keys[0]?.id].sort());
  });
});
