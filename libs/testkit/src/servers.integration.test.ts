import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startChroma, startNats, startRedis } from './index.ts';

for (const [name, start] of Object.entries({ startRedis, startNats, startChroma })) {
  test(`${name} gives a real server that can be killed and brought back on the same address`, async () => {
    const server = await start();
    await server.kill();
    await server.restart();
    assert.match(server.url, /127\.0\.0\.1:\d+$/);
    await server.stop();
  });
}
