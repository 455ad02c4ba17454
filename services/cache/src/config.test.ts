import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ConfigError } from '@refrain/service';
import { loadConfig } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'refrain-config-'));
after(() => rmSync(folder, { recursive: true }));
const secret = 'a secret of some length';
const file = join(folder, 'secret');

test('the secret comes from a variable, else from a file without its line end, and does not print', () => {
  writeFileSync(file, `${secret}\n`);
  const fromFile = loadConfig({ CACHE_TENANT_SECRET_FILE: file });
  assert.equal(fromFile.tenantSecret?.reveal(), secret);
  assert.doesNotMatch(JSON.stringify(fromFile), /some length/);
  const both = loadConfig({ CACHE_TENANT_SECRET: `${secret}!`, CACHE_TENANT_SECRET_FILE: file });
  assert.equal(both.tenantSecret?.reveal(), `${secret}!`);
  assert.equal(loadConfig({ CACHE_TENANT_SECRET: '' }).tenantSecret, undefined);
});

test('a secret that can be tried out, and a file that cannot be read, are faults that do not tell it', () => {
  writeFileSync(file, 'short-secret\n');
  for (const env of [
    { CACHE_TENANT_SECRET: 'short-secret' },
    { CACHE_TENANT_SECRET_FILE: file },
    { CACHE_TENANT_SECRET_FILE: join(folder, 'none') },
  ]) {
    assert.throws(
      () => loadConfig(env),
      (error) => error instanceof ConfigError && !error.message.includes('short-secret'),
    );
  }
});

test('a cache that listens beyond loopback needs the mesh’s secret', () => {
  assert.throws(() => loadConfig({ CACHE_HOST: '0.0.0.0' }), /REFRAIN_MESH_SECRET[^a-z]+is missing/);
  assert.equal(loadConfig({}).meshSecret, undefined);
  const config = loadConfig({ CACHE_HOST: '0.0.0.0', REFRAIN_MESH_SECRET: 'a-secret-of-the-mesh' });
  assert.equal(config.meshSecret?.reveal(), 'a-secret-of-the-mesh');
});
