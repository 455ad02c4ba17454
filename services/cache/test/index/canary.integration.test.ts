/** Chroma counts as ready while it finds what it should, not while it says that it is alive. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { Source } from '@refrain/contracts';
import { eventually, startFaultProxy } from '@refrain/testkit';
import { ChromaClient } from 'chromadb';
import type { Partition } from '../../src/entries/partition.ts';
import { canaryName } from '../../src/index/chroma/collection-names.ts';
import { byMeaning, startParts, summary } from '../rig.ts';

const { chroma, embedder, start } = await startParts();
const { hostname, port } = new URL(chroma.url);
const client = new ChromaClient({ host: hostname, port: Number(port), ssl: false });
const proxy = await startFaultProxy(Number(port));
const rig = await start({
  chromaUrl: `http://127.0.0.1:${proxy.port}`,
  yaml: 'cache: { semantic: { hotVectors: 0 } }\n',
});
await rig.put('a', 'What is the capital of Peru?', 'Lima.');
await rig.indexed();
after(() => proxy.stop());

const ask = async () => summary(await rig.get('a', "What's the capital of Peru?", byMeaning));
const found = ['Lima.', Source.SEMANTIC];

test('a Chroma that answers heartbeats, and queries too late, is not ready; the partition is compared in process', async () => {
  proxy.latency(120);
  await eventually(() => !rig.index.ready, { timeoutMs: 10_000, what: 'the canary to be late' });
  await client.heartbeat();
  assert.deepEqual(await ask(), found);
  proxy.latency(0);
  await eventually(() => rig.index.ready, { timeoutMs: 10_000, what: 'the canary to sing' });
  assert.deepEqual(await ask(), found);
});

test('a Chroma that gives the wrong neighbour is not ready, and all its collections are compared with Redis again', async () => {
  const collections = await client.listCollections({ limit: 1000 });
  const canary = collections.find(({ name }) => name === canaryName);
  const collection = collections.find(({ name }) => name.startsWith('refrain-'));
  assert.ok(canary && collection);
  await collection.delete({ ids: (await collection.get({ include: [] })).ids });
  const { ids, embeddings } = await canary.get({ include: ['embeddings'] });
  await canary.upsert({
    ids: [...ids].reverse(),
    embeddings: [...embeddings].map((each) => each.map((one) => 0.5 + one)),
  });
  await canary.delete({ ids: ['middle'] });
  await eventually(() => !rig.index.ready, { timeoutMs: 10_000, what: 'the canary to be wrong' });
  assert.deepEqual(await ask(), found);
  await eventually(() => rig.index.ready, { timeoutMs: 10_000, what: 'the canary to be mended' });
  await ask();
  await rig.indexed();
  assert.equal(await collection.count(), 1);
});

test('a canary that was deleted is made anew', async () => {
  await client.deleteCollection({ name: canaryName });
  await eventually(() => !rig.index.ready, { timeoutMs: 10_000, what: 'the canary to be missed' });
  await eventually(() => rig.index.ready, { timeoutMs: 10_000, what: 'another canary' });
});

/** Chroma behind a door that answers 500 to queries of one collection, as a server with a broken file does. */
async function startBrokenDoor(target: string): Promise<{ url: string; broken: Set<string>; stop: () => void }> {
  const broken = new Set<string>();
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = 'GET', url = '/' } = request;
    if (url.endsWith('/query') && [...broken].some((id) => url.includes(id))) {
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"InternalError"}');
      return;
    }
    const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {};
    const headers = { 'content-type': 'application/json' };
    const reply = await fetch(new URL(url, target), { method, headers, ...body });
    response.writeHead(reply.status, headers).end(Buffer.from(await reply.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, broken, stop };
}

test('a collection that Chroma cannot read is rebuilt by itself, and hurts no other meanwhile', async () => {
  const door = await startBrokenDoor(chroma.url);
  const behind = await start({
    chromaUrl: door.url,
    yaml: 'cache: { semantic: { hotVectors: 0 } }\n',
  });
  try {
    const partitions = new Map<string, Partition>();
    for (const tenant of ['broken', 'whole']) {
      const { entryId } = await behind.put(tenant, 'What is the capital of Peru?', 'Lima.');
      partitions.set(tenant, { tenant, key: entryId.split('.')[1] ?? '' });
      await behind.get(tenant, 'What is the capital of Peru?', byMeaning);
    }
    await behind.indexed();
    const vector = await embedder.embed('What is the capital of Peru?');
    const find = (tenant: string) => {
      const partition = partitions.get(tenant);
      assert.ok(partition);
      return behind.chroma.query(partition, vector, 1, 1);
    };
    const names = await client.listCollections({ limit: 1000 });
    const collection = names.find(({ name }) => name.endsWith(partitions.get('broken')?.key ?? ''));
    door.broken.add(collection?.id ?? '');
    for (let i = 0; i < 3; i += 1) {
      await assert.rejects(find('broken'), { reason: 'CHROMA_DOWN' });
      assert.equal((await find('whole'))?.length, 1);
      assert.deepEqual(summary(await behind.get('whole', "What's the capital of Peru?", byMeaning)), found);
    }
    await eventually(async () => (await find('broken').catch(() => undefined))?.length === 1, { timeoutMs: 10_000 });
    assert.ok(behind.index.ready);
  } finally {
    await behind.stop();
    door.stop();
  }
});
