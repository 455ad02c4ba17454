/** `deploy/.env.example` against what the services read. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseEnv } from 'node:util';
import { loadMeshConfig } from '@refrain/service';
import { root } from '../src/check/step.ts';
import { keyStems } from '../src/start/plan.ts';
import { loadSettings } from '../src/start/settings.ts';

const example = parseEnv(readFileSync(join(root, 'deploy/.env.example'), 'utf8')) as Record<string, string>;
const settingsFile = 'deploy/local/src/start/settings.ts';
const services = globSync('services/*/src/config.ts', { cwd: root });

/** What a service makes of an environment; a program of its own, for nobody imports a service. */
function configOf(file: string, env: Record<string, string>): unknown {
  const program = `const { loadConfig } = await import(${JSON.stringify(join(root, file))});
    console.log(JSON.stringify(loadConfig(process.env)));`;
  const args = ['--input-type=module', '-e', program];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' }));
}

test('there are services to hold it against', () => {
  assert.ok(services.length >= 3);
});

for (const file of services) {
  test(`${file} takes it, and takes nothing else from it than its own defaults`, () => {
    assert.deepEqual(configOf(file, example), configOf(file, {}));
  });
}

test('the start takes it, and nothing else from it than its own defaults', () => {
  const { home, ...settings } = loadSettings(example);
  const { home: defaultHome, ...defaults } = loadSettings({});
  assert.equal(home.folder, defaultHome.folder);
  assert.equal(home.models, defaultHome.models);
  assert.deepEqual(settings, defaults);
});

test('it names every variable that a service or the start reads, and no other', () => {
  const read = [...services, settingsFile].flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return [...text.matchAll(/^ +([A-Z][A-Z0-9_]+): /gm)].map(([, name]) => name);
  });
  const isKey = (name: string) => /_API_KEY(S|_\d+|_FILE)?$/.test(name);
  const named = Object.keys(example).filter((name) => !isKey(name));
  assert.deepEqual(named.sort(), [...new Set([...read, 'LOG_LEVEL', 'STOP_SECONDS'])].sort());
});

test('it names the keys of every provider that refrain.yaml has', () => {
  const stems = keyStems(loadMeshConfig(join(root, 'refrain.yaml')));
  assert.ok(stems.length > 0);
  for (const stem of stems) assert.ok(`${stem}_API_KEY` in example, stem);
});
