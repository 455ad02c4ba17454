/** The breakers' record in a real Redis. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openState, type State } from '@refrain/state';
import { eventually, silentLog, startRedis, type TestServer } from '@refrain/testkit';
import { createSharedBreakers, type SharedBreakers } from '../src/health/breakers-shared.ts';

let redis: TestServer;
let state: State;
let shared: SharedBreakers;
before(async () => {
  redis = await startRedis();
  state = openState({ url: redis.url, name: 'test', log: silentLog });
  shared = createSharedBreakers(state);
  await eventually(() => state.ready);
});
after(async () => {
  state.close();
  await redis.stop();
});

test('an open breaker is read with its time, nobody may try before, and it is gone when it is closed', async () => {
  await shared.open('one/large', 60_000);
  const left = (await shared.read()).get('one/large') ?? 0;
  assert.ok(left > 50_000 && left <= 60_000, `${left} ms`);
  const wait = await shared.claim('one/large', 30_000);
  assert.ok(wait > 50_000 && wait <= 60_000, `${wait} ms`);
  await shared.close('one/large');
  assert.deepEqual([...(await shared.read())], []);
});

test('of all that would try when the time is over one may; the others hear how long it has', async () => {
  await shared.open('two/large', 0);
  const waits = await Promise.all(Array.from({ length: 10 }, () => shared.claim('two/large', 30_000)));
  assert.equal(waits.filter((wait) => wait === 0).length, 1);
  assert.ok(waits.every((wait) => wait === 0 || (wait > 20_000 && wait <= 30_000)));
});

test('failures add up until one that says how long ago it answered, and each model has its own', async () => {
  for (const count of [1, 2, 3]) assert.equal(await shared.failed('three/large', 60_000, 60_000), count);
  assert.equal(await shared.failed('three/small', 60_000, 60_000), 1);
  assert.equal(await shared.failed('three/large', 0, 60_000), 1);
  const left = Number(await state.command('PTTL', 'rf:1:breakers:failed:three/large'));
  assert.ok(left > 50_000 && left <= 60_000, `${left} ms`);
});

test('failures of many routers at the same moment are all counted', async () => {
  const counts = await Promise.all(Array.from({ length: 50 }, () => shared.failed('four/large', 60_000, 60_000)));
  assert.deepEqual(
    counts,
    Array.from({ length: 50 }, (_, i) => i + 1),
  );
});
