/** What the shared pool promises when it has been without Redis for a while. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RefrainError } from '@refrain/errors';
import { keyPoolNames, parseKeyRecord } from '@refrain/state';
import { eventually } from '@refrain/testkit';
import { type PoolRig, startPoolRig } from './pool.ts';
import { query, refused, use } from './pool-calls.ts';

describe('the key pool after a time without Redis', () => {
  let rig: PoolRig;
  let made = 0;
  before(async () => {
    rig = await startPoolRig();
  });
  after(() => rig.stop());

  /** A pool whose way to Redis can be cut, and the record of its only key there. */
  const cut = () => {
    const way = { isOpen: true };
    const away = () => Promise.reject(new RefrainError('unavailable', 'away', { reason: 'REDIS_DOWN' }));
    const state = {
      script: (definition: Parameters<typeof rig.state.script>[0]) => {
        const run = rig.state.script(definition);
        return (...call: Parameters<typeof run>) => (way.isOpen ? run(...call) : away());
      },
      command: (...call: Parameters<typeof rig.state.command>) => (way.isOpen ? rig.state.command(...call) : away()),
    };
    made += 1;
    const provider = `p${made}`;
    const pool = rig.pool('limits: { requestsPerMinute: 5 }', 1, { provider, state });
    const { records } = keyPoolNames(provider);
    const [id = ''] = pool.keys.keys();
    const stored = async () => parseKeyRecord(String(await rig.state.command('HGET', records, id)));
    return { pool, way, stored };
  };

  it('what was taken meanwhile is counted, what goes on has a place, what ended is settled', async () => {
    const { pool, way, stored } = cut();
    await use(pool);
    way.isOpen = false;
    await use(pool);
    const open = await pool.lease(query());
    assert.equal(pool.isShared, false);
    way.isOpen = true;
    await pool.catchUp();
    assert.ok(pool.isShared);
    const known = await stored();
    assert.deepEqual([known.requests, known.running, known.dayRequests, known.dayTokens], [3, 1, 3, 300]);
    pool.settle(open, { kind: 'ended', tokens: 40, error: refused });
    const after = await stored();
    assert.deepEqual([after.running, after.dayTokens, after.disabled], [0, 240, 'KEY_REJECTED']);
  });

  it('what ends just while it is told is settled too', async () => {
    const { pool, way, stored } = cut();
    way.isOpen = false;
    const open = await pool.lease(query());
    way.isOpen = true;
    const told = pool.catchUp();
    pool.settle(open, { kind: 'ended', tokens: 0, error: refused });
    await told;
    const known = await stored();
    assert.deepEqual([known.running, known.disabled], [0, 'KEY_REJECTED']);
  });

  it('a settlement that Redis did not hear is told once more, and counts once', async () => {
    const { pool, way, stored } = cut();
    const lease = await pool.lease(query());
    way.isOpen = false;
    pool.settle(lease, { kind: 'ended', tokens: 7 });
    await eventually(() => !pool.isShared);
    await assert.rejects(pool.catchUp(), { reason: 'REDIS_DOWN' });
    way.isOpen = true;
    await pool.catchUp();
    await pool.catchUp();
    const known = await stored();
    assert.deepEqual([known.requests, known.running, known.dayTokens, known.windowCalls], [1, 0, 7, 1]);
  });
});
