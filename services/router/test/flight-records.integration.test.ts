import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openState, type State } from '@refrain/state';
import { eventually, silentLog, startRedis, type TestServer } from '@refrain/testkit';
import { type FlightAttempt, FlightRecords, leaseMs } from '../src/flights/flight-records.ts';

const attempt: FlightAttempt = {
  attemptId: 'a1',
  controlSubject: 'control.1',
  provider: 'one',
  model: 'large',
  reason: 'route:text/simple',
  degraded: false,
};
let redis: TestServer;
let state: State;
let records: FlightRecords;
const faults: unknown[] = [];

before(async () => {
  redis = await startRedis();
  state = openState({ url: redis.url, name: 'test', log: silentLog });
  records = new FlightRecords(state, (error) => faults.push(error));
  await eventually(() => state.ready, { what: 'redis' });
});
after(async () => {
  state.close();
  await redis.stop();
});

const leaseOf = async (key: string) => {
  const claim = await records.claim(key);
  assert.ok(claim && 'lease' in claim, 'the flight is led already');
  return claim.lease;
};
const noticeOf = async (key: string) => {
  const claim = await records.claim(key);
  assert.ok(claim && 'notice' in claim, 'nobody leads the flight');
  return claim.notice;
};

test('of a hundred routers one leads; the others see who has the attempt as soon as it is announced', async () => {
  const claims = await Promise.all(Array.from({ length: 100 }, () => records.claim('a')));
  const leases = claims.flatMap((claim) => (claim && 'lease' in claim ? [claim.lease] : []));
  assert.equal(leases.length, 1);
  assert.equal((await noticeOf('a')).attempt, undefined);
  leases[0]?.announce(attempt);
  await eventually(async () => (await records.read('a'))?.attempt !== undefined);
  assert.deepEqual((await noticeOf('a')).attempt, attempt);
  leases[0]?.done();
});

test('an answer that is complete is shared for five seconds more', async () => {
  const lease = await leaseOf('b');
  lease.announce(attempt);
  lease.done();
  await eventually(async () => (await noticeOf('b')).done === true);
  const [name] = await Array.fromAsync(state.scan('rf:1:f:*')).then((batches) => batches.flat());
  const left = Number(await state.command('PTTL', name ?? ''));
  assert.ok(left > 0 && left <= 5000, `${left} ms`);
});

test('what came to nothing may be led anew at once, and the one before can change nothing any more', async () => {
  const first = await leaseOf('c');
  first.release();
  await eventually(async () => (await records.read('c')) === undefined);
  const second = await leaseOf('c');
  const { id } = (await records.read('c')) ?? {};
  first.announce(attempt);
  first.release();
  second.announce({ ...attempt, attemptId: 'a2' });
  await eventually(async () => (await records.read('c'))?.attempt !== undefined);
  const now = await records.read('c');
  assert.deepEqual([now?.id, now?.attempt?.attemptId], [id, 'a2']);
  second.release();
});

test('an answer that was judged wrong is not shared any more; a flight under way goes on', async () => {
  const exactKey = 'f'.repeat(64);
  const lease = await leaseOf(`${exactKey}/pro`);
  lease.announce(attempt);
  assert.equal(await records.isRevoked(exactKey), false);
  await records.revoke(exactKey.slice(0, 32));
  assert.equal(await records.isRevoked(exactKey), true);
  assert.equal('notice' in ((await records.claim(`${exactKey}/pro`)) ?? {}), true);
  lease.done();
  await eventually(async () => (await records.read(`${exactKey}/pro`))?.done === true);
  (await leaseOf(`${exactKey}/pro`)).release();
});

test('a lease outlives its time while its leader lives, and ends with it', async () => {
  const lease = await leaseOf('d');
  const before = await records.read('d');
  await eventually(async () => Number(await state.command('PTTL', await keyOf('d'))) < leaseMs - 500);
  await eventually(async () => Number(await state.command('PTTL', await keyOf('d'))) > leaseMs - 300, {
    what: 'a renewal',
  });
  assert.equal((await records.read('d'))?.id, before?.id);
  lease.release();
});

test('without Redis nothing is claimed, and the fault is heard', async () => {
  faults.length = 0;
  redis.freeze();
  assert.equal(await records.claim('e'), undefined);
  assert.equal(await records.read('e'), undefined);
  assert.ok(faults.length >= 2);
  redis.thaw();
});

/** The only record there is then. */
async function keyOf(key: string): Promise<string> {
  const { id } = (await records.read(key)) ?? {};
  for await (const names of state.scan('rf:1:f:*')) {
    for (const name of names) if ((await state.get(name))?.includes(id ?? '')) return name;
  }
  throw new Error(`no record of ${key}`);
}
