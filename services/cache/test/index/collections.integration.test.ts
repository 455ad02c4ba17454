/** Which collections there are on the server, and what is left of those that had to make room. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openState, type State } from '@refrain/state';
import { eventually, manualClock, silentLog, startChroma, startRedis, type TestServer } from '@refrain/testkit';
import { RedisKeys } from '../../src/entries/redis-keys.ts';
import { ChromaNearIndex } from '../../src/index/chroma/chroma-index.ts';
import { Generations } from '../../src/index/chroma/generations.ts';

let redis: TestServer;
let chroma: TestServer;
let state: State;
before(async () => {
  [redis, chroma] = await Promise.all([startRedis(), startChroma()]);
  state = openState({ url: redis.url, name: 'test', log: silentLog, timeoutMs: 2000 });
  await eventually(() => state.ready, { what: 'redis' });
});
after(async () => {
  state.close();
  await Promise.all([redis.stop(), chroma.stop()]);
});

test('a collection that makes room for another leaves nothing in Redis: what is kept there does not grow with every partition', async () => {
  const clock = manualClock(0);
  const generations = new Generations(state, new RedisKeys());
  const vector = new Float32Array(384);
  vector[0] = 1;
  const index = new ChromaNearIndex({
    url: chroma.url,
    log: silentLog,
    maximumCollections: () => 1,
    source: {
      size: async () => 1,
      ids: async () => ['a'],
      present: async (_, ids) => new Set(ids),
      vectors: async () => [{ id: 'a', vector }],
    },
    generations,
    nowMs: clock.now,
  });
  try {
    await eventually(() => index.ready, { what: 'chroma' });
    for (const digit of ['1', '2', '3']) {
      const partition = { tenant: 't', key: digit.repeat(32) };
      index.add(partition, 'a', vector);
      await eventually(async () => (await index.query(partition, vector, 1, 1))?.[0] === 'a', { what: digit });
      assert.deepEqual([...(await generations.all()).keys()], [partition.key]);
      clock.advance(61_000);
    }
  } finally {
    await index.stop();
  }
});
