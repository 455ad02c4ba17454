import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually, silentLog, startRedis, type TestServer } from '@refrain/testkit';
import { openState, type State, sayOnce } from '../src/index.ts';

let redis: TestServer;
let state: State;
before(async () => {
  redis = await startRedis();
  state = openState({ url: redis.url, name: 'test', log: silentLog });
  await eventually(() => state.ready);
});
after(async () => {
  state.close();
  await redis.stop();
});

test('bytes come back as they were stored, and go with their time to live', async () => {
  const bytes = new Uint8Array([0, 255, 10, 13]);
  await state.set('a', bytes, { ttlMs: 60_000 });
  assert.deepEqual(new Uint8Array((await state.get('a')) ?? []), bytes);
  const left = Number(await state.command('PTTL', 'a'));
  assert.ok(left > 0 && left <= 60_000);
  assert.deepEqual(await state.getMany(['a', 'none']), [Buffer.from(bytes), null]);
  assert.equal(await state.remove(['a', 'none']), 1);
});

test('a thousand reads at once all answer within the deadline', async () => {
  await state.set('many', Buffer.from('x'), { ttlMs: 60_000 });
  const answers = await Promise.all(Array.from({ length: 1000 }, () => state.get('many')));
  assert.ok(answers.every((answer) => answer?.toString() === 'x'));
});

test('an answer that arrived while the process was busy counts, though it is read after the deadline', async () => {
  await state.set('held', Buffer.from('x'), { ttlMs: 60_000 });
  const answer = state.get('held');
  // The command is out with the end of this turn, and the answer comes while nobody looks.
  await new Promise((resolve) => setImmediate(resolve));
  const end = performance.now() + 300;
  while (performance.now() < end);
  assert.equal((await answer)?.toString(), 'x');
});

test('a pipeline fails where one of its commands does', async () => {
  await assert.rejects(
    state.pipeline([
      ['SET', 'text', 'a'],
      ['INCR', 'text'],
    ]),
    { code: 'unavailable', reason: 'REDIS_REFUSED' },
  );
});

test('a server that refuses writes is not taken for one that is away: its reads go on, and it is told why', async () => {
  assert.equal(state.refuses, '');
  await state.set('kept', Buffer.from('x'), { ttlMs: 60_000 });
  await state.command('CONFIG', 'SET', 'maxmemory', '1');
  for (let i = 0; i < 10; i += 1) {
    await assert.rejects(state.set('more', Buffer.from('y'), { ttlMs: 60_000 }), { reason: 'REDIS_REFUSED' });
  }
  assert.equal((await state.get('kept'))?.toString(), 'x');
  assert.equal(state.ready, true);
  assert.match(state.refuses, /memory is full/);
  await state.command('CONFIG', 'SET', 'maxmemory', '0');
  await state.set('more', Buffer.from('y'), { ttlMs: 60_000 });
});

test('a script runs again after the server has forgotten it', async () => {
  const add = state.script({ name: 'addTwice', keys: 1, lua: 'return redis.call("INCRBY", KEYS[1], ARGV[1] * 2)' });
  assert.equal(await add(['n'], [2]), 4);
  await state.command('SCRIPT', 'FLUSH');
  assert.equal(await add(['n'], [2]), 8);
});

test('scan gives every key that matches and no other', async () => {
  await state.pipeline(Array.from({ length: 1200 }, (_, i) => ['SET', `scan:${i}`, 'x'] as const));
  const found = new Set<string>();
  for await (const keys of state.scan('scan:*')) for (const key of keys) found.add(key);
  assert.equal(found.size, 1200);
});

test('a frozen server costs the deadline a few times, then nothing, and is used again once it answers', async () => {
  redis.freeze();
  for (let i = 0; i < 3; i += 1) await assert.rejects(state.get('a'), { code: 'unavailable', reason: 'REDIS_DOWN' });
  await assert.rejects(state.get('a'), { code: 'unavailable', reason: 'BREAKER_OPEN' });
  redis.thaw();
  await eventually(() =>
    state.get('a').then(
      () => true,
      () => false,
    ),
  );
});

test('a killed server is an error at once, and is found again when it is back', async () => {
  await redis.kill();
  await assert.rejects(state.get('a'), { code: 'unavailable' });
  await redis.restart();
  await eventually(() =>
    state.get('a').then(
      () => true,
      () => false,
    ),
  );
});

test('of many who would say something one may, until its time is over; while Redis is away each may', async () => {
  const other = openState({ url: redis.url, name: 'other', log: silentLog });
  await eventually(() => other.ready);
  const all = await Promise.all([state, other, state].map((each) => sayOnce(each, 'x', 60_000)));
  assert.equal(all.filter(Boolean).length, 1);
  assert.equal(await sayOnce(other, 'y', 60_000), true);
  const left = Number(await state.command('PTTL', 'refrain:said:x'));
  assert.ok(left > 0 && left <= 60_000);
  other.close();
  assert.equal(await sayOnce(other, 'x', 60_000), true);
});
