/** The pool in Redis and the one in the process, which is in force while Redis is away, are two forms of one thing. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RefrainError } from '@refrain/errors';
import { keyPoolNames, parseKeyRecord } from '@refrain/state';
import { Days } from '../src/keys/day.ts';
import { advance, momentOf } from '../src/keys/decide.ts';
import { toKeys } from '../src/keys/key-set.ts';
import type { Lease, Settlement } from '../src/keys/lease.ts';
import { parseModelRecord } from '../src/keys/records.ts';
import { keysOf, type PoolRig, providerOf, startPoolRig } from './pool.ts';
import { query } from './pool-calls.ts';

/** Repeatable random numbers below 1 (mulberry32). */
function numbersFrom(seed: number): () => number {
  let at = seed;
  return () => {
    at = (at + 0x6d2b79f5) | 0;
    let mixed = Math.imul(at ^ (at >>> 15), 1 | at);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const failures: readonly (RefrainError | undefined)[] = [
  ...Array.from({ length: 60 }, () => undefined),
  ...Array.from({ length: 6 }, () => new RefrainError('unavailable', 'x', { reason: 'UPSTREAM_FAILED' })),
  new RefrainError('upstream_exhausted', 'x', { reason: 'RATE_LIMITED', retryAfterMs: 7000 }),
  new RefrainError('upstream_exhausted', 'x', { reason: 'RATE_LIMITED' }),
  new RefrainError('overloaded', 'x', { reason: 'UPSTREAM_OVERLOADED', retryAfterMs: 3000 }),
  new RefrainError('invalid', 'x'),
  new RefrainError('upstream_denied', 'x', { reason: 'KEY_REJECTED' }),
];

describe('the two forms of the pool', () => {
  let rig: PoolRig;
  before(async () => {
    rig = await startPoolRig();
  });
  after(() => rig.stop());

  for (const strategy of ['round-robin', 'least-used', 'weighted', 'most-headroom']) {
    it(`choose the same keys and hold the same records: ${strategy}`, async () => {
      const provider = `same-${strategy}`;
      const limits =
        '{ requestsPerMinute: 3, requestsPerDay: 30, tokensPerMinute: 500, tokensPerDay: 4000, concurrency: 2 }';
      const text = `strategy: ${strategy}, limits: ${limits}, concurrency: 9, resetTimeZone: America/Los_Angeles,
      pools: { eu: { keys: EU, region: eu, weight: 3, limits: { requestsPerMinute: 9 } } }`;
      const keys = toKeys(providerOf(text), keysOf(15, { EU: ['sk-eu-1', 'sk-eu-2', 'sk-eu-3'] }));
      const options = { provider, keys, threshold: 0.8, region: 'eu' };
      const shared = rig.pool(text, 0, options);
      // One in the same process that never reaches Redis.
      const away = {
        script: () => () => Promise.reject(new RefrainError('unavailable', 'away')),
        command: () => Promise.reject(new Error('away')),
      };
      const alone = rig.pool(text, 0, { ...options, state: away });
      const random = numbersFrom(strategy.length * 1000 + 7);
      const open: [Lease, Lease][] = [];
      const lease = async (pool: typeof shared, ask: ReturnType<typeof query>) =>
        pool.lease(ask).catch((error: RefrainError) => `${error.code} ${error.reason} ${error.retryAfterMs ?? ''}`);
      let granted = 0;
      for (let step = 0; step < 1500; step += 1) {
        rig.clock.advance(Math.floor(random() * (step % 300 === 299 ? 40_000_000 : 2500)));
        await shared.renew();
        const at = Math.floor(random() * open.length);
        const [pair] = random() < 0.5 ? open.splice(at, 1) : [];
        if (pair) {
          const error = failures[Math.floor(random() * failures.length)];
          const settlement: Settlement =
            random() < 0.1 ? { kind: 'unused' } : { kind: 'ended', tokens: Math.floor(random() * 200), error };
          shared.settle(pair[0], settlement);
          alone.settle(pair[1], settlement);
          continue;
        }
        const want = { promptTokens: Math.floor(random() * 150), outputTokens: Math.floor(random() * 100) };
        const ids = [...shared.keys.keys()];
        const excluded = random() < 0.2 ? [ids[Math.floor(random() * ids.length)] ?? ''] : [];
        const preferred = random() < 0.1 ? (ids[Math.floor(random() * ids.length)] ?? '') : '';
        const ask = query({ model: random() < 0.8 ? 'm' : 'n', want, excluded, preferred });
        const [one, other] = [await lease(shared, ask), await lease(alone, ask)];
        if (typeof one === 'string' || typeof other === 'string') {
          assert.equal(one, other, `step ${step}`);
          continue;
        }
        granted += 1;
        assert.deepEqual(
          [one.key.id, one.at, one.probe, one.counters],
          [other.key.id, other.at, other.probe, other.counters],
          `step ${step}`,
        );
        open.push([one, other]);
        if (random() < 0.2) {
          const head = {
            isTaken: random() < 0.9,
            limits: [[Math.floor(random() * 6), 6, 9000], undefined, [500, 900, 4000], undefined],
          } as const;
          shared.told(one, head);
          alone.told(other, head);
        }
      }
      assert.ok(granted > 150, `${granted} leases`);
      const { records, modelOf } = keyPoolNames(provider);
      for (const [id, known] of alone.local.keys) {
        const stored = parseKeyRecord(String(await rig.state.command('HGET', records, id)));
        // A key that was looked at and not taken is brought up to the moment in one of them alone.
        for (const record of [stored, known])
          advance(record, momentOf(rig.clock.now(), new Days('America/Los_Angeles').around(rig.clock.now())));
        const same = { addedAt: 0 };
        assert.deepEqual({ ...stored, ...same }, { ...known, ...same });
        const model = await rig.state.command('HGET', modelOf('m'), id);
        if (model !== null) assert.deepEqual(parseModelRecord(String(model)), alone.local.modelRecord('m', id));
      }
    });
  }
});
