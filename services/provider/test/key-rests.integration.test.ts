/** What becomes of a key whose call failed, and how it comes back. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RefrainError } from '@refrain/errors';
import { orderKey } from '@refrain/state';
import type { SharedPool } from '../src/keys/shared-pool.ts';
import { type PoolRig, startPoolRig } from './pool.ts';
import { broken, fail, limited, query, refused, use, uses, whyNot } from './pool-calls.ts';

const minute = 60_000;
const day = 86_400_000;

describe('a key whose call failed', () => {
  let rig: PoolRig;
  before(async () => {
    rig = await startPoolRig();
  });
  after(() => rig.stop());

  it('lets a key rest exactly as long as the longest it was told, for that model alone', async () => {
    const pool = rig.worker('', 1);
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
    const pool = rig.worker('', 1);
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
    const [pool, other] = rig.workers('', 2, 2) as [SharedPool, SharedPool];
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

  it('tells of a refused key at once, whether a call or a look has found it, and of nothing else', async () => {
    const told: string[] = [];
    const watcher = { denied: (id: string, reason: string) => void told.push(`${id} ${reason}`) };
    const pool = rig.worker('strategy: round-robin', 3, { watcher });
    const [first = '', second = ''] = [...pool.keys.keys()];
    await fail(pool, refused, { preferred: first });
    await fail(pool, limited(1000), { preferred: second });
    pool.report(second, broken);
    assert.deepEqual(told, [`${first} KEY_REJECTED`]);
    pool.report(second, refused);
    assert.deepEqual(told, [`${first} KEY_REJECTED`, `${second} KEY_REJECTED`]);
  });

  it('says that none works once the last was refused; an operator revives one, or takes it out for good', async () => {
    const provider = 'ordered';
    const pool = rig.worker('', 1, { provider });
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
    const pool = rig.worker('', 2);
    const [first = ''] = pool.keys.keys();
    for (let i = 0; i < 9; i += 1) assert.equal((await fail(pool, broken, { preferred: first })).key.id, first);
    const overloaded = new RefrainError('overloaded', 'x', { reason: 'UPSTREAM_OVERLOADED', retryAfterMs: 2000 });
    await fail(pool, overloaded, { preferred: first });
    assert.deepEqual(await uses(pool, 2, { preferred: first }), [2, 2]);
    rig.clock.advance(2000);
    assert.deepEqual(await uses(pool, 2, { preferred: first }), [1, 1]);
  });
});
