import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findTests, needsOf } from './files.ts';

function tree(t: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-tree-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

test('every test file runs once, in the phase of its kind', (t) => {
  const files = [
    'libs/a/src/deep/a.test.ts',
    'libs/a/src/a.integration.test.ts',
    'libs/a/test/plain.test.ts',
    'services/b/src/b.test.ts',
    'services/b/test/b.integration.test.ts',
    'deploy/local/src/c.test.ts',
    'deploy/local/test/c.integration.test.ts',
    'deploy/local/test/c.mesh.test.ts',
    'loadtest/src/d.test.ts',
  ];
  const root = tree(t, Object.fromEntries([...files, 'libs/a/src/a.ts', 'libs/a/test/helper.ts'].map((f) => [f, ''])));
  const phases = findTests(root, []);
  assert.deepEqual(phases.flatMap((phase) => phase.files).sort(), [...files].sort());
  assert.deepEqual(
    phases.map(({ name, files: { length } }) => [name, length]),
    [
      ['unit', 4],
      ['integration', 4],
      ['mesh', 1],
    ],
  );
});

test('patterns choose by the path', (t) => {
  const root = tree(t, { 'libs/a/src/a.test.ts': '', 'services/b/src/b.test.ts': '', 'services/b/test/b.test.ts': '' });
  const chosen = (...patterns: string[]) => findTests(root, patterns).flatMap(({ files }) => files);
  assert.deepEqual(chosen('services/b'), ['services/b/src/b.test.ts', 'services/b/test/b.test.ts']);
  assert.deepEqual(chosen('a/src', 'b/test'), ['libs/a/src/a.test.ts', 'services/b/test/b.test.ts']);
  assert.deepEqual(chosen('none'), []);
});

test('a file needs what it uses, itself or by a file beside it', (t) => {
  const root = tree(t, {
    'a/x.test.ts': "import { startRedis } from 'kit';\nimport { help } from './help.ts';",
    'a/help.ts': "import './x.test.ts';\n'from './nowhere.ts'';\nimport { startNats, modelsFolder } from 'kit';",
    'a/mesh.test.ts': "import { startMesh } from './start-mesh.ts';",
    'a/start-mesh.ts': "import { partsFolder } from 'kit';",
    'a/faults/deep.test.ts': "import { help } from '../help.ts';\nimport { part } from '../../src/part.ts';",
    'src/part.ts': 'export const startChroma = 1;',
    'a/plain.test.ts': "const restartRedis = { modelsFolder: '/nowhere' };",
  });
  assert.deepEqual(needsOf(root, 'a/x.test.ts'), ['redis', 'nats', 'embedding model']);
  assert.deepEqual(needsOf(root, 'a/mesh.test.ts'), ['redis', 'nats', 'chroma', 'embedding model', 'local model']);
  assert.deepEqual(needsOf(root, 'a/plain.test.ts'), []);
  assert.deepEqual(needsOf(root, 'a/faults/deep.test.ts'), ['nats', 'embedding model']);
});
