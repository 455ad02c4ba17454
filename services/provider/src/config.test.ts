import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadMeshConfig } from '@refrain/service';
import { chooseProviders, loadConfig } from './config.ts';

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
