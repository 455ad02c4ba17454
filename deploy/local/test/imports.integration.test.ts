import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { cruise, unseen } from '../src/check/imports.ts';
import { root } from '../src/check/step.ts';

const rules = join(root, '.dependency-cruiser.cjs');

/** A small tree under the repository's import rules; gives what the check says of it. */
async function faultsOf(files: Record<string, string>): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-imports-'));
  try {
    const tree = { 'tsconfig.json': '{}', 'package.json': '{}', ...files };
    for (const [name, text] of Object.entries(tree)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    copyFileSync(rules, join(folder, '.dependency-cruiser.cjs'));
    return (await cruise(folder)).faults.sort();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const good = {
  'libs/errors/src/index.ts': 'export const a = 1;',
  'libs/service/src/index.ts': "export { a } from '../../errors/src/index.ts';",
  'services/router/src/main.ts': "import { a } from '../../../libs/service/src/index.ts';\nconsole.log(a);",
};

test('imports from the left pass', async () => {
  assert.deepEqual(await faultsOf(good), []);
});

test('imports from the right, of a neighbour service, past an index and in a circle are refused', async () => {
  const faults = await faultsOf({
    ...good,
    'libs/errors/src/right.ts': "import type { a } from '../../service/src/index.ts';\nexport type A = typeof a;",
    'services/cache/src/main.ts': "import '../../router/src/main.ts';",
    'services/router/src/past.ts': "import '../../../libs/service/src/inner.ts';",
    'libs/service/src/inner.ts': "import './other.ts';",
    'libs/service/src/other.ts': "import './inner.ts';",
    'libs/novel/src/index.ts': 'export const a = 1;',
    'services/router/src/lost.ts': "import './nowhere.ts';",
    'services/router/src/novel.ts': "import '../../../libs/novel/src/index.ts';",
  });
  const names = [...new Set(faults.map((fault) => fault.split(':')[0]))];
  const expected = ['known-layer', 'layer-errors', 'no-cycle', 'resolved', 'services-apart', 'through-the-front'];
  assert.deepEqual(names, expected, faults.join('\n'));
});

test('a package outside its one home is refused', async () => {
  const packageFile = (name: string) => ({
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
    [`node_modules/${name}/index.js`]: 'module.exports = {};',
  });
  const packages = ['@grpc/grpc-js', 'nats', 'ioredis', 'chromadb', 'pino', 'openai'];
  const imports = packages.map((name) => `import '${name}';`).join('\n');
  const faults = await faultsOf({
    ...good,
    ...Object.assign({}, ...packages.map(packageFile)),
    'package.json': JSON.stringify({ dependencies: Object.fromEntries(packages.map((name) => [name, '*'])) }),
    'services/router/src/greedy.ts': imports,
  });
  assert.deepEqual(
    faults.map((fault) => fault.split(':')[0]),
    ['chroma-in-cache', 'grpc-in-rpc', 'ioredis-in-state', 'nats-in-bus', 'pino-in-service', 'sdks-in-tests'],
  );
});

test('a workspace that the tool did not see is a fault, and so is a tree without code', async () => {
  assert.deepEqual(unseen(['libs/a', 'libs/b'], ['libs/a/src/index.ts']), [
    'dependency-cruiser saw no module of libs/b',
  ]);
  assert.deepEqual(await faultsOf({}), ['no workspace with code was found']);
});
