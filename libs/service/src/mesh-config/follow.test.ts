import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ConfigError } from '../config-error.ts';
import type { MeshConfig } from './schema.ts';
import { watchMeshConfig } from './watch.ts';

const shipped = readFileSync(new URL('../../../../refrain.yaml', import.meta.url), 'utf8');

test('a written and a replaced file are read again, a bad one is told and forgotten', {
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
  const stop = watchMeshConfig(
    file,
    (config) => settle(config),
    (error) => settle(error),
    10,
  );
  t.after(stop);
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
  writeFileSync(`${file}.new`, withAttempts(6));
  renameSync(`${file}.new`, file);
  assert.equal(((await seen) as MeshConfig).limits.attempts, 6);
});
