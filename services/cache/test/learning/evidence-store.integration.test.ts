/** What is learned, as Redis keeps it: counters that several caches add to, and the trust in one entry. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { RefrainError } from '@refrain/errors';
import { openState, type State } from '@refrain/state';
import { eventually, silentLog, startRedis, type TestServer } from '@refrain/testkit';
import { RedisKeys } from '../../src/entries/redis-keys.ts';
import { EntryTrust } from '../../src/learning/entry-trust.ts';
import { keptMs, Ledger } from '../../src/learning/ledger.ts';

let redis: TestServer;
let state: State;
const keys = new RedisKeys();
const partition = { tenant: 'a', key: 'f'.repeat(32) };
const failures: string[] = [];
const onFailure = ({ reason }: RefrainError) => void failures.push(reason);

before(async () => {
  redis = await startRedis();
  state = openState({ url: redis.url, name: 'test', log: silentLog });
  await eventually(() => state.ready, { what: 'redis' });
});
after(async () => {
  state.close();
  await redis.stop();
});
beforeEach(async () => {
  failures.length = 0;
  await state.command('FLUSHALL');
});

test('caches that count the same partition come to one sum, and each knows it after its next flush', async () => {
  const [one, two] = [new Ledger({ state, keys, onFailure }), new Ledger({ state, keys, onFailure })];
  one.add(partition, 'lookups', 3);
  two.add(partition, 'lookups', 4);
  two.add(partition, 'wrong:5');
  await one.flush();
  await two.flush();
  one.add(partition, 'lookups');
  await one.flush();
  assert.deepEqual([one.known(partition)?.of('lookups'), one.known(partition)?.from('wrong')], [8, 1]);
  assert.equal((await two.refresh(partition)).of('lookups'), 8);
  assert.deepEqual(await two.partitions('a'), [partition]);
  assert.deepEqual(await two.partitions('b'), []);
});

test('what Redis could not take is added once it is back, once', async () => {
  const ledger = new Ledger({ state, keys, onFailure });
  ledger.add(partition, 'lookups', 5);
  await redis.kill();
  await ledger.flush();
  await ledger.flush();
  assert.ok(failures.length > 0);
  await redis.restart();
  await eventually(() => state.ready, { what: 'redis' });
  await eventually(
    async () => {
      await ledger.flush();
      return ledger.known(partition)?.of('lookups') === 5;
    },
    { what: 'the counts' },
  );
  await ledger.flush();
  assert.equal((await ledger.refresh(partition)).of('lookups'), 5);
});

test('what was counted of a tenant that is erased is written no more, also while a flush is under way', async () => {
  const ledger = new Ledger({ state, keys, onFailure });
  for (let i = 0; i < 300; i += 1) ledger.add({ tenant: 'a', key: `${i}`.padStart(32, '0') }, 'lookups');
  ledger.add({ tenant: 'b', key: partition.key }, 'lookups');
  const flushing = ledger.flush();
  await state.command('PING');
  await ledger.forget((tenant) => tenant === 'a');
  for await (const found of state.scan(keys.pattern('a'))) await state.remove(found);
  await flushing;
  await ledger.flush();
  assert.deepEqual((await Array.fromAsync(state.scan(keys.pattern('a')))).flat(), []);
  assert.deepEqual(await ledger.partitions('b'), [{ tenant: 'b', key: partition.key }]);
});

test('what was learned is forgotten four weeks after it was last used', async () => {
  const ledger = new Ledger({ state, keys, onFailure });
  ledger.add(partition, 'lookups');
  await ledger.flush();
  const trust = new EntryTrust(state, keys);
  await trust.judge(partition, 'e', { confidence: 0.7, wrong: true, served: true });
  const names: string[] = [];
  for await (const page of state.scan(keys.pattern('a'))) names.push(...page);
  assert.equal(names.length, 3);
  for (const name of names) {
    const left = Number(await state.command('PTTL', name));
    assert.ok(left > keptMs - 60_000 && left <= keptMs, `${name} ${left}`);
    await state.command('PEXPIRE', name, 60_000);
  }
  await trust.of(partition, 'e');
  assert.ok(Number(await state.command('PTTL', keys.learned('a', `t:${partition.key}:e`))) > 60_000);
});

test('trust falls with each mistake, comes back a step with each right hit, and never to what was wrong', async () => {
  const trust = new EntryTrust(state, keys);
  const judge = (confidence: number | undefined, wrong: boolean, served = true) =>
    trust.judge(partition, 'e', { confidence, wrong, served });
  const floor = async () => (await trust.of(partition, 'e')).floor;
  assert.equal(await floor(), -1);
  assert.equal(await judge(0.9, false), 'none');
  assert.equal(await judge(0.6, true), 'tightened');
  assert.equal(await floor(), 0.8);
  // The same pair again; one that was refused and is wrong indeed; a right one below what was wrong.
  assert.equal(await judge(0.6, true), 'repeated');
  assert.equal(await judge(0.7, true, false), 'none');
  assert.equal(await judge(0.55, false), 'none');
  assert.equal(await floor(), 0.8);
  assert.equal(await judge(0.85, false), 'promoted');
  assert.equal(await floor(), 0.6);
  assert.equal(await judge(0.85, true), 'tightened');
  assert.equal(await judge(0.95, true), 'quarantined');
  assert.equal((await trust.of(partition, 'e')).quarantined, true);
  assert.equal(await judge(0.99, false, false), 'released');
  assert.deepEqual(await trust.of(partition, 'e'), { floor: 0.975, quarantined: false });
});

test('what was wrong with certainty cannot be raised above: it ends at once', async () => {
  const trust = new EntryTrust(state, keys);
  for (const [id, confidence] of [
    ['sure', 1],
    ['untold', undefined],
  ] as const) {
    assert.equal(await trust.judge(partition, id, { confidence, wrong: true, served: true }), 'quarantined');
  }
});

test('where nothing is written any more, what waits to be is bounded: the partition that rested longest is let go', async () => {
  const ledger = new Ledger({ state, keys, onFailure });
  const keyOf = (i: number) => String(i).padStart(32, '0');
  for (let i = 0; i < 5001; i += 1) ledger.add({ tenant: 'many', key: keyOf(i) }, 'lookups');
  await ledger.flush();
  const written = await ledger.partitions('many');
  assert.deepEqual([written.length, written.some(({ key }) => key === keyOf(0))], [5000, false]);
});
