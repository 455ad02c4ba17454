import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findChroma, freePort, startChroma as startChromaPart } from '@refrain/parts';
import { partsFolder, startChroma, startNats, startRedis } from './index.ts';

for (const [name, start] of Object.entries({ startRedis, startNats, startChroma })) {
  test(`${name} gives a real server that can be killed and brought back on the same address`, async () => {
    const server = await start();
    await server.kill();
    await server.restart();
    assert.match(server.url, /127\.0\.0\.1:\d+$/);
    await server.stop();
  });
}

test('a Chroma that is asked writes nothing about it into its log', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'refrain-chroma-log-'));
  const logFile = join(folder, 'chroma.log');
  const launch = await findChroma({ folder: partsFolder, env: process.env, say: () => undefined });
  const chroma = await startChromaPart({ launch, folder: join(folder, 'data'), port: await freePort(), logFile });
  const collections = `${chroma.url}/api/v2/tenants/default_tenant/databases/default_database/collections`;
  const body = JSON.stringify({ name: 'quiet' });
  const made = await fetch(collections, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  assert.equal(made.status, 200, await made.text());
  assert.equal((await fetch(collections)).status, 200);
  await chroma.stop();
  assert.doesNotMatch(await readFile(logFile, 'utf8'), /HTTP request|collections/);
  await rm(folder, { recursive: true });
});
