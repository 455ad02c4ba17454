/** What is erased leaves the index too, also where Chroma or the cache is away in between. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { type InvalidateRequest, InvalidateRequestSchema, type InvalidateResponse } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { eventually } from '@refrain/testkit';
import { ChromaClient, ChromaNotFoundError } from 'chromadb';
import type { Partition } from '../../src/entries/partition.ts';
import { eraseTenant } from '../../src/removal/erase-tenant.ts';
import { Marks } from '../../src/removal/marks.ts';
import { byMeaning, type Rig, startParts } from '../rig.ts';

const { chroma, embedder, start } = await startParts();
let rig = await start();
// A test that failed halfway takes no other with it.
afterEach(() => (rig.index.ready ? undefined : bringBack()));

const places = ['Italy', 'Poland', 'Greece'];
const asked = (place: string) => `What is the capital of ${place}?`;
const again = (place: string) => `What's the capital of ${place}?`;
const all = { case: 'all' as const, value: true };
const tag = (value: string) => ({ case: 'tag' as const, value });

/** Stores an answer for each place, each tagged with its place, and gives the partition they are in, with their ids. */
async function fill(tenant: string, to: Rig = rig): Promise<Partition & { ids: string[] }> {
  const ids: string[] = [];
  let key = '';
  for (const place of places) {
    const { entryId } = await to.put(tenant, asked(place), place, 3, { tags: [place] });
    const [id = '', partition = ''] = entryId.split('.');
    ids.push(id);
    key = partition;
  }
  await to.indexed();
  assert.deepEqual(await indexed(key), [...ids].sort());
  return { tenant, key, ids };
}

/** The ids that Chroma has of a partition; undefined where it has no collection. */
async function indexed(key: string): Promise<string[] | undefined> {
  const { hostname, port } = new URL(chroma.url);
  const client = new ChromaClient({ host: hostname, port: Number(port), ssl: false });
  const found = (await client.listCollections({ limit: 1000 })).find(({ name }) => name.endsWith(key));
  try {
    return found && (await found.get({ include: [] })).ids.sort();
  } catch (error) {
    // It went between the list and the look.
    if (error instanceof ChromaNotFoundError) return undefined;
    throw error;
  }
}

function erase(tenant: string, selector: InvalidateRequest['selector'], from: Rig = rig): Promise<InvalidateResponse> {
  return from.client.invalidate(create(InvalidateRequestSchema, { tenant, selector }));
}

const isEmpty = (ids: string[] | undefined) => ids === undefined || ids.length === 0;
const gone = (key: string) =>
  eventually(async () => isEmpty(await indexed(key)), { timeoutMs: 20_000, what: 'the vectors to go' });

async function bringBack(): Promise<void> {
  await chroma.restart();
  await eventually(() => rig.index.ready, { timeoutMs: 30_000, what: 'chroma' });
}

test('while Chroma answers, what is removed has left the index when the answer comes, and the answer says so', async () => {
  const { key, ids, tenant } = await fill('at-once');
  const { removed, pendingIndexRemovals } = await erase(tenant, tag('Poland'));
  assert.deepEqual([removed, pendingIndexRemovals], [1, 0]);
  assert.deepEqual(await indexed(key), [ids[0], ids[2]].sort());
  assert.deepEqual((await erase(tenant, all)).pendingIndexRemovals, 0);
  assert.equal(await indexed(key), undefined);
});

test('what is erased while Chroma is away leaves the index when it is back, though nobody asks for it', async () => {
  const tagged = await fill('away-tag');
  const whole = await fill('away-all');
  const parted = await fill('away-partition');
  await chroma.kill();
  await eventually(() => !rig.index.ready, { timeoutMs: 10_000, what: 'chroma to be away' });
  assert.equal((await erase(tagged.tenant, tag('Italy'))).pendingIndexRemovals, 1);
  assert.equal((await erase(whole.tenant, all)).pendingIndexRemovals, 1);
  const partition = { case: 'partition' as const, value: parted.key };
  assert.equal((await erase(parted.tenant, partition)).pendingIndexRemovals, 1 + places.length);
  assert.equal((await rig.get(tagged.tenant, again('Italy'), byMeaning)).answer, undefined);
  await eventually(() => rig.index.leaving === 2 + 1 + places.length, { what: 'the gauge' });
  await bringBack();
  await gone(whole.key);
  await gone(parted.key);
  await eventually(async () => (await indexed(tagged.key))?.length === places.length - 1);
  assert.deepEqual(await indexed(tagged.key), tagged.ids.slice(1).sort());
  await eventually(() => rig.index.leaving === 0, { what: 'the gauge' });
});

test('the same where the cache was started again in between', async () => {
  const { key, tenant } = await fill('restarted');
  const other = await fill('restarted-tag');
  await chroma.kill();
  await eventually(() => !rig.index.ready, { timeoutMs: 10_000, what: 'chroma to be away' });
  await erase(tenant, all);
  await erase(other.tenant, tag('Greece'));
  await rig.stop();
  await chroma.restart();
  rig = await start();
  await gone(key);
  await eventually(async () => (await indexed(other.key))?.length === places.length - 1);
});

test('what was stored again while its removal waited stays in the index', async () => {
  const { key, ids, tenant } = await fill('again');
  await chroma.kill();
  await eventually(() => !rig.index.ready, { timeoutMs: 10_000, what: 'chroma to be away' });
  await erase(tenant, tag('Italy'));
  assert.equal((await rig.put(tenant, asked('Italy'), 'Rome.', 3, { tags: ['Italy'] })).stored, true);
  await bringBack();
  await rig.get(tenant, again('Italy'), byMeaning);
  await rig.indexed();
  await rig.index.settle(tenant);
  assert.deepEqual(await indexed(key), [...ids].sort());
  assert.equal((await rig.get(tenant, again('Italy'), byMeaning)).answer?.text, 'Rome.');
});

test('a vector that waits to be written when its entry is erased does not come into the index afterwards', async () => {
  const { key, ids, tenant } = await fill('waiting');
  const { entryId } = await rig.put(tenant, asked('Nepal'), 'Kathmandu.');
  await erase(tenant, { case: 'entryId', value: entryId });
  await rig.indexed();
  assert.deepEqual(await indexed(key), [...ids].sort());
});

test('who names another tenant’s entry or partition takes nothing out of its index', async () => {
  const { key, ids, tenant } = await fill('owner');
  const vector = await embedder.embed(asked('Greece'));
  await eventually(async () => {
    await rig.get(tenant, again('Greece'), byMeaning);
    return rig.index.peek({ tenant, key }, vector, 1)?.[0] === ids[2];
  });
  const entry = { case: 'entryId' as const, value: `${ids[2]}.${key}` };
  for (const selector of [entry, { case: 'partition' as const, value: key }]) {
    const { removed, pendingIndexRemovals } = await erase('thief', selector);
    assert.deepEqual([removed, pendingIndexRemovals], [0, 0]);
    await rig.put(tenant, asked('Poland'), 'Poland');
    await rig.indexed();
    assert.deepEqual(await indexed(key), [...ids].sort());
    assert.equal(rig.index.peek({ tenant, key }, vector, 1)?.[0], ids[2]);
  }
});

test('the index in process forgets at once, also while Chroma is away', async () => {
  const { tenant, key, ids } = await fill('hot');
  const partition = { tenant, key };
  const vector = await embedder.embed(asked('Italy'));
  await eventually(async () => {
    await rig.get(tenant, again('Italy'), byMeaning);
    return rig.index.peek(partition, vector, 1)?.[0] === ids[0];
  });
  await chroma.kill();
  await erase(tenant, tag('Italy'));
  assert.ok(rig.index.peek(partition, vector, 3));
  assert.equal(rig.index.peek(partition, vector, 3)?.includes(ids[0] ?? ''), false);
  const before = rig.index.hot.vectors;
  await erase(tenant, all);
  assert.equal(rig.index.peek(partition, vector, 1), undefined);
  assert.ok(rig.index.hot.vectors < before);
  await bringBack();
});

test('an erasure that Redis breaks off has listed what it was about to take: the index lets it go all the same', async () => {
  const { entryId } = await rig.put('broken-off', asked('Italy'), 'Rome.');
  const { state, keys, near } = rig;
  const listed: string[] = [];
  const index = { list: async ({ key }: Partition) => void listed.push(key), drop: () => undefined };
  const away = new RefrainError('unavailable', 'Redis is away.', { reason: 'REDIS_DOWN' });
  const erasing = eraseTenant(
    'broken-off',
    { dryRun: false },
    {
      ...{ keys, near, index, marks: new Marks(state, keys), nowMs: Date.now },
      state: Object.assign(Object.create(state), { remove: () => Promise.reject(away) }) as typeof state,
    },
  );
  await assert.rejects(erasing, { reason: 'REDIS_DOWN' });
  assert.deepEqual(listed, [entryId.split('.')[1]]);
});
