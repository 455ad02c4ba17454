import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadMeshConfig } from '@refrain/service';
import { chooseProviders, loadConfig, stemsOf } from './config.ts';

const mesh = loadMeshConfig(new URL('../../../refrain.yaml', import.meta.url).pathname);
const llamas = Object.keys(mesh.providers).filter((name) => mesh.providers[name]?.adapter === 'llama');

test('remote and llama together are all, and apart', () => {
  const remote = chooseProviders('remote', mesh);
  const local = chooseProviders('llama', mesh);
  assert.deepEqual(local, llamas);
  assert.deepEqual([...remote, ...local].sort(), chooseProviders('all', mesh).sort());
  assert.ok(remote.length > 0 && local.length > 0);
});

test('names are taken as they stand; one that refrain.yaml does not know stops the start', () => {
  assert.deepEqual(chooseProviders(' openai , groq,', mesh), ['openai', 'groq']);
  assert.throws(() => chooseProviders('openai,nobody', mesh), /nobody is not a provider of refrain.yaml/);
});

test('an empty environment gives the defaults, a wrong one every fault at once', () => {
  const config = loadConfig({});
  assert.deepEqual([config.host, config.natsUrl, config.providers], ['127.0.0.1', 'nats://127.0.0.1:7451', 'all']);
  assert.throws(
    () => loadConfig({ PROVIDER_OPS_PORT: 'x', OLLAMA_URL: 'file:///etc' }),
    (error: Error) => /PROVIDER_OPS_PORT/.test(error.message) && /OLLAMA_URL/.test(error.message),
  );
});

test('keys are found under the stem and print as nothing', () => {
  const { keysOf } = loadConfig({ OPENAI_API_KEY: 'sk-a', OPENAI_API_KEYS: 'sk-b,sk-a', OPENAI_API_KEY_7: 'sk-c' });
  assert.deepEqual(
    keysOf('OPENAI').map((key) => key.reveal()),
    ['sk-a', 'sk-b', 'sk-c'],
  );
  assert.ok(!JSON.stringify(keysOf('OPENAI')).includes('sk-'));
  assert.deepEqual(keysOf('GROQ'), []);
});

test('the time between two checks is told with a unit or in milliseconds, the share that alerts between 0 and 1', () => {
  const every = (text: string) => loadConfig({ API_KEY_HEALTH_CHECK_INTERVAL: text }).keySettings.checkEveryMs;
  assert.deepEqual(['5m', '90s', '300000', '0', ''].map(every), [300_000, 90_000, 300_000, 0, 300_000]);
  for (const text of ['often', '5', '-1', '2d'])
    assert.throws(() => every(text), /API_KEY_HEALTH_CHECK_INTERVAL/, text);
  assert.equal(loadConfig({}).keySettings.alertThreshold, 0.8);
  assert.throws(() => loadConfig({ RATE_LIMIT_ALERT_THRESHOLD: '80' }), /RATE_LIMIT_ALERT_THRESHOLD/);
});

test('the stems of keys are those of the providers and of their pools', () => {
  const stems = stemsOf(mesh);
  assert.ok(stems.includes('OPENAI') && stems.includes('ANTHROPIC'));
});
