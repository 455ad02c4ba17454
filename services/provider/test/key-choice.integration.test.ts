/** Which key of a pool a request is given. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { orderKey } from '@refrain/state';
import { toKeys } from '../src/keys/key-set.ts';
import { toPlan } from '../src/keys/pool-plan.ts';
import type { SharedPool } from '../src/keys/shared-pool.ts';
import { keysOf, type PoolRig, providerOf, startPoolRig } from './pool.ts';
import { query, uses, whyNot } from './pool-calls.ts';

const day = 86_400_000;

describe('the choice of a key', () => {
  let rig: PoolRig;
  before(async () => {
    rig = await startPoolRig();
  });
  after(() => rig.stop());

  it('gives keys in turn, over all workers, and none that the request has tried', async () => {
    const [one, other] = rig.workers('strategy: round-robin', 3, 2) as [SharedPool, SharedPool];
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
    const pool = rig.worker('strategy: round-robin', 3);
    const [, second = ''] = pool.keys.keys();
    assert.deepEqual(await uses(pool, 3, { preferred: second }), [2, 2, 2]);
    assert.deepEqual(await uses(pool, 1), [1], 'and the turn of the others is not lost');
    assert.deepEqual(await uses(pool, 1, { preferred: second, excluded: [second] }), [3]);
  });

  it('gives the least used, the one with most left, or as the weights say', async () => {
    const least = rig.worker('strategy: least-used', 3);
    const [first = ''] = least.keys.keys();
    await uses(least, 4, { preferred: first });
    assert.deepEqual((await uses(least, 4)).sort(), [2, 2, 3, 3]);

    const text = 'strategy: weighted, pools: { big: { keys: BIG, weight: 3 } }';
    const weighted = rig.worker(text, 0, { keys: toKeys(providerOf(text), keysOf(1, { BIG: ['sk-big'] })) });
    const given = await uses(weighted, 40);
    assert.equal(given.filter((number) => number === 2).length, 30);

    const room =
      'strategy: most-headroom, limits: { requestsPerMinute: 10 }, pools: { big: { keys: BIG, limits: { requestsPerMinute: 30 } } }';
    const headroom = rig.worker(room, 0, { keys: toKeys(providerOf(room), keysOf(1, { BIG: ['sk-big'] })) });
    assert.equal((await uses(headroom, 20)).filter((number) => number === 2).length, 15);
  });

  it('prefers other keys from the threshold of a quota on, and uses it up where there is none', async () => {
    const shares: number[] = [];
    const watcher = { used: (_: string, share: number) => void shares.push(share) };
    const pool = rig.worker('strategy: round-robin, limits: { requestsPerMinute: 10 }', 2, { threshold: 0.8, watcher });
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
    const pool = rig.worker(text, 0, { keys, region: 'us' });
    assert.deepEqual(await uses(pool, 2), [3, 3]);
    assert.deepEqual((await uses(pool, 4)).sort(), [1, 1, 2, 2]);
  });

  it('goes over to other keys while it runs; what was taken with an old one goes on', async () => {
    const pool = rig.worker('', 2);
    const section = providerOf('');
    const old = await pool.lease(query());
    const keys = toKeys(section, () => keysOf(4)('IT').slice(2));
    pool.replaceKeys(keys, toPlan(section, keys, { threshold: 1 }));
    assert.deepEqual(await uses(pool, 3), [2, 1, 2]);
    pool.settle(old, { kind: 'ended', tokens: 3 });
    await pool.synchronize();
    assert.equal(pool.local.keys.get(old.key.id)?.running, 0);
  });

  it('forgets a key that no worker has had for a month, but not one that an operator took out', async () => {
    const provider = 'forgetful';
    const [pool, old] = rig.workers('', 2, 2, { provider }) as [SharedPool, SharedPool];
    const [first = '', second = ''] = pool.keys.keys();
    await old.synchronize();
    await orderKey(rig.state, { provider, id: second, kind: 'disable' });
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
