import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError } from '../config-error.ts';
import { followMeshConfig } from './follow.ts';
import type { Reload } from './reload.ts';
import type { MeshConfig } from './schema.ts';

const shipped = readFileSync(new URL('../../../../refrain.yaml', import.meta.url), 'utf8');

test('a written and a replaced file are read again, one that is bad or refused is told and forgotten', {
  timeout: 10_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-watch-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'refrain.yaml');
  writeFileSync(file, shipped);

  let settle: (seen: MeshConfig | ConfigError) => void = () => {};
  const next = (): Promise<MeshConfig | ConfigError> =>
    new Promise((resolve) => {
      settle = resolve;
    });
  const reload: Reload = (take) => {
    try {
      take();
    } catch (error) {
      settle(error as ConfigError);
    }
  };
  const refused = new ConfigError(file, []);
  const use = (config: MeshConfig) => {
    if (config.limits.attempts === 7) throw refused;
    settle(config);
  };
  t.after(followMeshConfig(file, use, reload, 10));
  // The poll keeps no process alive; this does until the test ends.
  const alive = setInterval(() => {}, 1000);
  t.after(() => clearInterval(alive));
  const withAttempts = (n: number | string) => shipped.replace('attempts: 4', `attempts: ${n}`);

  let seen = next();
  writeFileSync(file, withAttempts(5));
  assert.equal(((await seen) as MeshConfig).limits.attempts, 5);

  seen = next();
  writeFileSync(file, withAttempts('none'));
  assert.match(((await seen) as ConfigError).message, /limits\.attempts/);

  seen = next();
  writeFileSync(file, withAttempts(7));
  assert.equal(await seen, refused);

  seen = next();
  writeFileSync(`${file}.new`, withAttempts(6));
  renameSync(`${file}.new`, file);
  assert.equal(((await seen) as MeshConfig).limits.attempts, 6);
});
