import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bus } from '@refrain/bus';
import { RefrainError } from '@refrain/errors';
import { Metrics } from '@refrain/service';
import { eventually, silentLog } from '@refrain/testkit';
import { settingsOf } from '../test/question.ts';
import { createRouter, type RouterParts } from './service.ts';

/** Readiness asks these of its parts and nothing else. */
function routerWith(cache: Pick<RouterParts['cache'], 'waitForReady'>, bus: Pick<Bus, 'connected'>) {
  const settings = settingsOf();
  const noScript = () => Promise.resolve(null);
  const state = { ready: true, script: () => noScript, get: noScript, command: noScript };
  const takeBatches = () => ({ drain: () => Promise.resolve() });
  // The bus's own getter stays one: it changes while the router looks.
  const parts = {
    cache,
    bus: Object.assign(bus, { takeBatches }),
    state,
    log: silentLog,
    metrics: new Metrics('test'),
    settings: () => settings,
  };
  return createRouter(parts as unknown as RouterParts);
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a router is ready when it has seen cache and NATS, however late they come, and stays so when one goes', async () => {
  const there = { cache: false, connected: false };
  const waitForReady = async () => {
    if (!there.cache) throw new RefrainError('unavailable', 'Nothing answers.');
  };
  const router = routerWith(
    { waitForReady },
    {
      get connected() {
        return there.connected;
      },
    },
  );
  const isUp = (part: string) => router.ready().parts[part] === 'up';
  await turn();
  assert.deepEqual([router.ready().ok, isUp('cache'), isUp('nats')], [false, false, false]);
  there.cache = true;
  await eventually(() => isUp('cache'));
  assert.equal(router.ready().ok, false, 'NATS is still missing');
  there.connected = true;
  assert.deepEqual([router.ready().ok, isUp('nats')], [true, true]);
  there.connected = false;
  assert.deepEqual([router.ready().ok, isUp('nats')], [true, false]);
});

test('the cache is looked for once at a time', async () => {
  let looks = 0;
  const count = () => {
    looks += 1;
    return new Promise<void>(() => undefined);
  };
  const router = routerWith({ waitForReady: () => count() }, { connected: true });
  for (let i = 0; i < 10; i += 1) router.ready();
  await turn();
  assert.equal(looks, 1);
});
