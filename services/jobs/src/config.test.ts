import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '@refrain/service';
import { loadConfig, requireMeshSecret } from './config.ts';

test('without a word from the environment the service stands on loopback at its own ports', () => {
  assert.deepEqual(loadConfig({}), {
    host: '127.0.0.1',
    port: 7485,
    opsPort: 7486,
    routerAddress: '127.0.0.1:7460',
    natsUrl: 'nats://127.0.0.1:7451',
    configFile: 'refrain.yaml',
    atOnce: 4,
    retryBaseMs: 60_000,
    longestWaitMs: 60_000,
    leaseMs: 30_000,
    logLevel: 'info',
    meshSecret: undefined,
  });
});

test('it does not run without the secret by which the router knows it', () => {
  assert.throws(() => requireMeshSecret(loadConfig({})), /REFRAIN_MESH_SECRET/);
  const config = loadConfig({ REFRAIN_MESH_SECRET: 'a-secret-of-the-mesh' });
  assert.equal(requireMeshSecret(config).reveal(), 'a-secret-of-the-mesh');
  assert.doesNotMatch(JSON.stringify(config), /a-secret/);
});

test('every fault is named by its variable', () => {
  const env = { JOBS_PORT: '70000', JOBS_AT_ONCE: '0', JOBS_LEASE_MS: '10', LOG_LEVEL: 'loud' };
  assert.throws(
    () => loadConfig(env),
    (error) => {
      assert.ok(error instanceof ConfigError);
      for (const name of Object.keys(env)) assert.match(error.message, new RegExp(name));
      return true;
    },
  );
});
