import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createReloading, type Logger, loadMeshConfig, Metrics } from '@refrain/service';
import { silentLog } from '@refrain/testkit';
import { settingsOf, yamlOf } from '../test/question.ts';
import { followSettings } from './settings.ts';

const keyHash = hash('sha256', 'key-of-ann', 'hex');
const keys = `keys: [{ hash: "sha256:${keyHash}", tenant: acme, user: ann, tier: pro }]\n`;

/** Follows a file that the test may write; what is logged is remembered. */
function follow(t: TestContext, host: string, extra: string) {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-settings-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const configFile = join(folder, 'refrain.yaml');
  writeFileSync(configFile, yamlOf(extra));
  t.mock.timers.enable({ apis: ['setInterval'] });
  /** Writes the file and lets the next look at it come. */
  const write = (text: string) => {
    writeFileSync(configFile, text);
    t.mock.timers.tick(1000);
  };
  const said: string[] = [];
  const note = (_fields: object, message: string) => void said.push(message);
  const log: Logger = { ...silentLog, info: note, error: note };
  const metrics = new Metrics('test');
  const { reload } = createReloading({ log, metrics });
  const options = { configFile, host, log, reload, onStop: (stop: () => void) => t.after(stop) };
  const errors = async () => /^refrain_config_errors_total(?:\{.*\})? (\d+)$/m.exec(await metrics.text())?.[1];
  return { settings: followSettings(loadMeshConfig(configFile), options), write, said, errors };
}
const refused = 'the new configuration cannot be used; the old one stays in force';

test('callers are known by the hash of their key; a price does not change the keys of the cache, its rules do', () => {
  assert.deepEqual(settingsOf(keys).callers.get(keyHash), { tenant: 'acme', user: 'ann', tier: 'pro' });
  const scope = (extra: string) => settingsOf(extra).scope('acme');
  assert.deepEqual(scope('limits: { attempts: 2 }\n'), scope(''));
  assert.notEqual(scope('cache: { semantic: { threshold: 0.99 } }\n').policy, scope('').policy);
  assert.equal(scope('limits: { maxTokens: 7 }\n').defaultMaxTokens, 7);
});

test('a file that changes is followed; one that cannot be used leaves the old settings in force, and is counted', async (t) => {
  const { errors, said, settings, write } = follow(t, '127.0.0.1', '');
  const first = settings();
  assert.equal(await errors(), '0');
  write('version: 1\nroutes: nonsense\n');
  assert.deepEqual(said, [refused]);
  assert.equal(await errors(), '1');
  assert.equal(settings(), first);
  write(yamlOf('limits: { attempts: 2 }\n'));
  assert.equal(settings().mesh.limits.attempts, 2);
  assert.equal(first.mesh.limits.attempts, 4);
});

test('a router that strangers can reach keeps its keys when the file has none any more', (t) => {
  const { said, settings, write } = follow(t, '0.0.0.0', keys);
  write(yamlOf(''));
  assert.deepEqual(said, [refused]);
  assert.equal(settings().callers.size, 1);
  write(yamlOf(`${keys}limits: { attempts: 2 }\n`));
  assert.equal(settings().mesh.limits.attempts, 2);
});
