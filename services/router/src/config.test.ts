import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, Secret } from '@refrain/service';
import { loadConfig } from './config.ts';

test('without a word from the environment the router stands on loopback at its own ports', () => {
  assert.deepEqual(loadConfig({}), {
    host: '127.0.0.1',
    grpcPort: 7460,
    httpPort: 7461,
    opsPort: 7462,
    cacheAddress: '127.0.0.1:7470',
    jobsAddress: undefined,
    meshSecret: undefined,
    redisUrl: 'redis://127.0.0.1:7450',
    natsUrl: 'nats://127.0.0.1:7451',
    configFile: 'refrain.yaml',
    logLevel: 'info',
  });
});

test('every variable is read, an empty one counts as absent, and nothing can be changed afterwards', () => {
  const config = loadConfig({
    ROUTER_HOST: '0.0.0.0',
    ROUTER_GRPC_PORT: '1',
    ROUTER_HTTP_PORT: '0',
    ROUTER_OPS_PORT: '65535',
    CACHE_ADDR: 'cache:7470',
    JOBS_ADDR: 'jobs:7485',
    REFRAIN_MESH_SECRET: 'a-secret-of-the-mesh',
    REDIS_URL: 'redis://redis:6379',
    NATS_URL: 'nats://nats:4222',
    REFRAIN_CONFIG: '/etc/refrain.yaml',
    LOG_LEVEL: '',
  });
  assert.deepEqual(config, {
    host: '0.0.0.0',
    grpcPort: 1,
    httpPort: 0,
    opsPort: 65_535,
    cacheAddress: 'cache:7470',
    jobsAddress: 'jobs:7485',
    meshSecret: new Secret('a-secret-of-the-mesh'),
    redisUrl: 'redis://redis:6379',
    natsUrl: 'nats://nats:4222',
    configFile: '/etc/refrain.yaml',
    logLevel: 'info',
  });
  assert.ok(Object.isFrozen(config));
});

test('without the mesh’s secret nothing can be queued, and a short one is refused', () => {
  for (const env of [{}, { REFRAIN_MESH_SECRET: 'short' }, { REFRAIN_MESH_SECRET_FILE: '/no/such/file' }])
    assert.throws(() => loadConfig({ JOBS_ADDR: 'jobs:7485', ...env }), ConfigError);
});

test('every fault is named by its variable', () => {
  const env = { ROUTER_GRPC_PORT: '70000', ROUTER_HTTP_PORT: 'http', ROUTER_OPS_PORT: '-1', LOG_LEVEL: 'loud' };
  assert.throws(
    () => loadConfig(env),
    (error) => {
      assert.ok(error instanceof ConfigError);
      for (const name of Object.keys(env)) assert.match(error.message, new RegExp(name));
      return true;
    },
  );
});
