import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completeLockfile, faultsOf, findGaps, type Lockfile, toEntry } from './complete-lockfile.ts';

const whole: Lockfile = {
  packages: {
    '': { dependencies: { llama: '1.0.0' } },
    'node_modules/@llama/linux-x64': { version: '1.0.0', optional: true, os: ['linux'], cpu: ['x64'] },
    'node_modules/llama': { version: '1.0.0', optionalDependencies: { '@llama/linux-x64': '1.0.0' } },
    'node_modules/llama/node_modules/inner': { version: '3.0.0' },
    'services/cache': { version: '0.1.0', dependencies: { llama: '1.0.0' } },
  },
};

const withPackages = (packages: Lockfile['packages']): Lockfile => ({ packages: { ...whole.packages, ...packages } });

test('a lockfile with every entry and no host has no fault and stays as it is', () => {
  assert.deepEqual(faultsOf(whole), []);
  assert.deepEqual(completeLockfile(whole), whole);
});

test('a missing platform package is a fault, and completing adds an entry that npm needs no registry for', () => {
  const broken = withPackages({
    'node_modules/tool': {
      version: '2.0.0',
      optionalDependencies: { '@tool/mac-arm64-metal': '2.0.0', 'tool-win32-x64': '^2.0.0' },
    },
  });
  assert.equal(faultsOf(broken).length, 2);
  const fixed = completeLockfile(broken);
  assert.deepEqual(faultsOf(fixed), []);
  assert.deepEqual(fixed.packages['node_modules/@tool/mac-arm64-metal'], {
    version: '2.0.0',
    cpu: ['arm64'],
    optional: true,
    os: ['darwin'],
  });
  assert.deepEqual(fixed.packages['node_modules/tool-win32-x64'], {
    version: '2.0.0',
    cpu: ['x64'],
    optional: true,
    os: ['win32'],
  });
  assert.deepEqual(completeLockfile(fixed), fixed);
});

test('a dependency is looked for in the folder of the package first, then in those above', () => {
  const nested = withPackages({
    'node_modules/llama/node_modules/inner/node_modules/deep': {
      version: '1.0.0',
      dependencies: { inner: '3.0.0', llama: '*' },
    },
    'node_modules/other': { version: '1.0.0', optionalDependencies: { inner: '3.0.0' } },
  });
  assert.deepEqual(findGaps(nested), [{ from: 'node_modules/other', name: 'inner', range: '3.0.0', optional: true }]);
});

test('a missing dependency that is not optional is a fault that no entry hides', () => {
  const broken = withPackages({
    'node_modules/needy': { version: '1.0.0', dependencies: { 'gone-linux-x64': '1.0.0' } },
  });
  assert.equal(faultsOf(completeLockfile(broken)).length, 1);
});

test('no entry is guessed for a name without a system or for a range that names no version', () => {
  const gap = { from: '', optional: true };
  assert.equal(toEntry({ ...gap, name: 'fsevents', range: '~2.3.2' }), undefined);
  assert.equal(toEntry({ ...gap, name: 'a-linux-x64', range: '>=1 <3' }), undefined);
  assert.deepEqual(toEntry({ ...gap, name: 'a-darwin-universal', range: '~1.2.3-beta.1' }), {
    version: '1.2.3-beta.1',
    optional: true,
    os: ['darwin'],
  });
});

test('an entry that is resolved at a host is a fault; a workspace or a file is none', () => {
  const at = (resolved: string) => faultsOf(withPackages({ 'node_modules/x': { version: '1.0.0', resolved } })).length;
  assert.equal(at('https://registry.example/x/-/x-1.0.0.tgz'), 1);
  assert.equal(at('git+ssh://git@host.example/x.git#abc'), 1);
  assert.equal(at('libs/x'), 0);
  assert.equal(at('file:../x'), 0);
});
