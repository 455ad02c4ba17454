/** What has to leave the index, as Redis keeps it. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openState } from '@refrain/state';
import { eventually, silentLog, startRedis } from '@refrain/testkit';
import { RedisKeys } from '../../src/entries/redis-keys.ts';
import { RemovalList } from '../../src/index/chroma/removal-list.ts';

const redis = await startRedis();
const state = openState({ url: redis.url, name: 'test', log: silentLog });
after(async () => {
  state.close();
  await redis.stop();
});
await eventually(() => state.ready, { what: 'redis' });
const keys = new RedisKeys();
const [busy, quiet] = ['a', 'b'].map((sign) => ({ tenant: 't', key: sign.repeat(32) }));
const ids = (count: number) => Array.from({ length: count }, (_, i) => String(i).padStart(32, '0'));

test('while nobody works it off the list does not grow for ever: of a partition that is too much, all is listed', async () => {
  assert.ok(busy && quiet);
  const list = new RemovalList(state, keys, 10);
  await list.add(quiet, ids(2));
  for (let round = 0; round < 4; round += 1) await list.add(busy, ids(6));
  const listed = await list.read(undefined, 100);
  assert.deepEqual(
    listed.filter(({ key }) => key === quiet.key).map(({ id }) => id),
    ids(2),
  );
  assert.deepEqual(
    listed.filter(({ key, id }) => key === busy.key && id === undefined).length,
    1,
    'the partition as a whole, once',
  );
  assert.ok((await list.length()) <= 10);
});

test('without ids a partition is listed as a whole, once, whatever was listed of it; of no ids nothing is', async () => {
  const list = new RemovalList(state, keys);
  const partition = { tenant: 'whole', key: 'c'.repeat(32) };
  await list.add(partition, []);
  assert.equal(await list.of('whole'), 0);
  await list.add(partition, ids(2));
  await list.add(partition);
  await list.add(partition);
  assert.equal(await list.of('whole'), 1);
});
