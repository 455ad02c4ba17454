/** The commands of the cache at one that asks for the mesh's secret, reached by loopback as a tunnel reaches it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ServiceProcess, startProcess } from '@refrain/testkit';
import { root } from '../src/check/step.ts';

const secret = 'a-secret-of-the-mesh';
let folder: string;
let service: ServiceProcess;
let address: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refrain-secret-'));
  service = await startProcess({
    entry: 'services/cache/src/main.ts',
    env: {
      ...{ CACHE_HOST: '0.0.0.0', CACHE_PORT: '0', CACHE_OPS_PORT: '0', REFRAIN_MESH_SECRET: secret },
      // Nobody listens there: the counts of a cache need neither.
      ...{ REDIS_URL: 'redis://127.0.0.1:1', CHROMA_URL: 'http://127.0.0.1:1', REFRAIN_MODELS: join(folder, 'none') },
    },
  });
  address = `127.0.0.1:${service.ready.grpc?.split(':').at(-1)}`;
});
after(async () => {
  await service?.stop();
  await rm(folder, { recursive: true, force: true });
});

const stats = (env: Readonly<Record<string, string>>): Promise<{ status: unknown; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const program = ['deploy/local/src/refrain.ts', 'cache', 'stats', '--json', '--cache', address];
    const all = { PATH: process.env.PATH, REFRAIN_HOME: folder, ...env };
    execFile(process.execPath, program, { cwd: root, env: all }, (error, stdout, stderr) =>
      resolve({ status: error ? error.code : 0, stdout, stderr }),
    );
  });

test('a secret that is configured, as a value or a file, is sent over loopback too', async () => {
  const file = join(folder, 'secret');
  await writeFile(file, `${secret}\n`);
  for (const env of [{ REFRAIN_MESH_SECRET: secret }, { REFRAIN_MESH_SECRET_FILE: file }]) {
    const { status, stdout, stderr } = await stats(env);
    assert.deepEqual([status, stderr], [0, '']);
    assert.equal(JSON.parse(stdout).exactHits, 0);
  }
});

test('without one, or with another, the cache refuses, and what to set is said', async () => {
  const refused: Readonly<Record<string, string>>[] = [
    {},
    { REFRAIN_MESH_SECRET: '' },
    { REFRAIN_MESH_SECRET: 'another-secret-of-a-mesh' },
  ];
  for (const env of refused) {
    const { status, stdout, stderr } = await stats(env);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /set REFRAIN_MESH_SECRET to that of the mesh it belongs to/);
    assert.ok(!stderr.includes('another-secret'));
  }
});

test('the secret that a mesh of this home has made for itself goes to no other', async () => {
  await mkdir(join(folder, 'data'), { recursive: true });
  await writeFile(join(folder, 'data', 'mesh-secret'), secret);
  assert.equal((await stats({})).status, 1);
});
