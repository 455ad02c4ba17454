/** How much of a pool's keys may be used: requests, tokens, days, places, and what providers say is left. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { manualClock } from '@refrain/testkit';
import { midnight } from '../src/keys/day.ts';
import type { SharedPool } from '../src/keys/shared-pool.ts';
import { type PoolRig, startPoolRig } from './pool.ts';
import { numbers, query, use, whyNot } from './pool-calls.ts';

const minute = 60_000;

describe('the limits of keys', () => {
  let rig: PoolRig;
  before(async () => {
    rig = await startPoolRig();
  });
  after(() => rig.stop());

  it('gives no key more requests or tokens in any sixty seconds than it may have, and says when the next may come', async () => {
    const pool = rig.worker('limits: { requestsPerMinute: 20 }', 1);
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
    const pool = rig.worker('limits: { tokensPerMinute: 1000 }', 1);
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
    const pool = rig.worker('limits: { requestsPerMinute: 1, requestsPerDay: 1 }', 1);
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

  it('lets a key rest once its provider says that nothing is left, before it has to say 429', async () => {
    const [pool, other] = rig.workers('', 1, 2) as [SharedPool, SharedPool];
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
    const pool = rig.worker('', 1);
    const [first] = [await pool.lease(query()), await pool.lease(query()), await pool.lease(query())];
    pool.told(first, { isTaken: true, limits: [[3, 50, 30_000], undefined, undefined, undefined] });
    await pool.lease(query());
    await whyNot(pool);
  });

  it('shares the provider’s places between workers that all want more than there are', async () => {
    const [pool, other, third] = rig.workers('concurrency: 10', 2, 3) as [SharedPool, SharedPool, SharedPool];
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

  it('lets no more calls under way than provider and key may have, over all workers; a dead worker’s places come free', async () => {
    const [pool, other, dead] = rig.workers('concurrency: 6, limits: { concurrency: 3 }', 3, 3) as [
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
    const alone = rig.worker('limits: { concurrency: 2 }', 1);
    await alone.lease(query());
    await alone.lease(query());
    assert.deepEqual(await whyNot(alone), busy);
  });
});
