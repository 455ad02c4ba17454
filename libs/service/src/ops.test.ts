import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger } from './logger.ts';
import { Metrics } from './metrics.ts';
import { type Readiness, startOps } from './ops.ts';

const log = createLogger({ service: 'test', level: 'silent' });

test('says alive, ready or not with the state of the parts, and the metrics', async (t) => {
  let readiness: Readiness = { ok: false, parts: { redis: 'away' } };
  const metrics = new Metrics('test');
  metrics.counter('hits_total', 'Hits.').inc();
  const ops = await startOps({ host: '0.0.0.0', port: 0, metrics, ready: () => readiness, log });
  t.after(() => ops.stop());
  assert.equal(ops.url, `http://127.0.0.1:${ops.port}`);

  assert.equal((await fetch(`${ops.url}/healthz`)).status, 200);
  const notReady = await fetch(`${ops.url}/readyz?verbose`);
  assert.equal(notReady.status, 503);
  assert.deepEqual(await notReady.json(), readiness);
  readiness = { ok: true, parts: { redis: 'ready' } };
  assert.equal((await fetch(`${ops.url}/readyz`)).status, 200);
  assert.match(await (await fetch(`${ops.url}/metrics`)).text(), /refrain_hits_total/);
  assert.equal((await fetch(`${ops.url}/nothing`)).status, 404);
});

test('a taken port is an error of the start', async (t) => {
  const options = { host: '127.0.0.1', metrics: new Metrics('test'), ready: () => ({ ok: true, parts: {} }), log };
  const ops = await startOps({ ...options, port: 0 });
  t.after(() => ops.stop());
  await assert.rejects(startOps({ ...options, port: ops.port }), { code: 'EADDRINUSE' });
});
