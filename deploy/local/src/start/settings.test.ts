import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadSettings } from './settings.ts';

test('an address of the user’s own is taken as it is; Redis also by host and port', () => {
  assert.deepEqual(loadSettings({}).urls, {});
  assert.deepEqual(loadSettings({ REDIS_URL: 'rediss://u:p@r:1', NATS_URL: 'nats://n', CHROMA_URL: 'http://c' }).urls, {
    redis: 'rediss://u:p@r:1',
    nats: 'nats://n',
    chroma: 'http://c',
  });
  assert.equal(loadSettings({ REDIS_HOST: 'r' }).urls.redis, 'redis://r:6379');
  assert.equal(loadSettings({ REDIS_PORT: '7' }).urls.redis, 'redis://127.0.0.1:7');
});

test('a home is moved as a whole, while parts and models may be shared', () => {
  const { home } = loadSettings({ REFRAIN_HOME: '/h', REFRAIN_PARTS: '/p', REFRAIN_MODELS: '/m' });
  assert.deepEqual(
    [home.meshFile, home.dataOf('redis'), home.logOf('cache')],
    ['/h/mesh.json', '/h/data/redis', '/h/logs/cache.log'],
  );
  assert.deepEqual([home.parts, home.models], ['/p', '/m']);
  assert.equal(loadSettings({ REFRAIN_HOME: 'there' }).home.parts, join(process.cwd(), 'there/parts'));
});

test('every wrong variable is named at once', () => {
  assert.throws(() => loadSettings({ CACHE_PORT: '70000', REDIS_PORT: 'x', CHROMA_URL: 'c' }), {
    name: 'ConfigError',
    message: /(?=[\s\S]*CACHE_PORT)(?=[\s\S]*REDIS_PORT)(?=[\s\S]*CHROMA_URL)/,
  });
});
