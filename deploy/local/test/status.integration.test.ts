/** `npm run -s refrain -- status`: what it says of a mesh whose services are ready, without a part, or silent. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { root } from '../src/check/step.ts';
import { writeMeshFile } from '../src/start/mesh-file.ts';

describe('status', () => {
  let folder: string;
  let server: Server;
  /** What `/readyz` of its one service says. */
  let says: { ok: boolean; parts: Record<string, string> };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'refrain-home-'));
    server = createServer((_, response) => {
      response.end(JSON.stringify(says));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const metrics = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
    const nowhere = { grpc: '127.0.0.1:1' };
    writeMeshFile(join(folder, 'mesh.json'), {
      router: { ...nowhere, http: 'http://127.0.0.1:1' },
      ...{ cache: nowhere, jobs: nowhere, redis: '', nats: '', chroma: '', parts: [] },
      processes: [{ name: 'router-1', pid: 7, metrics }],
    });
  });
  after(async () => {
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    says = { ok: true, parts: { cache: 'up', redis: 'up' } };
  });
  const status = (...args: string[]) =>
    new Promise<{ code: unknown; stdout: string }>((resolve) => {
      const env = { PATH: process.env.PATH, REFRAIN_HOME: folder };
      execFile(
        process.execPath,
        ['deploy/local/src/refrain.ts', 'status', ...args],
        { cwd: root, env },
        (error, stdout) => resolve({ code: error ? error.code : 0, stdout }),
      );
    });
  const stateOf = async () => {
    const { ready, degraded } = JSON.parse((await status('--json')).stdout) as { ready: boolean; degraded: boolean };
    return { ready, degraded };
  };

  it('ticks a service that has all its parts', async () => {
    const { code, stdout } = await status();
    assert.deepEqual([code, stdout.split('\n')[0]], [0, '✔ router-1        7  cache up; redis up']);
    assert.deepEqual(await stateOf(), { ready: true, degraded: false });
  });

  it('does not tick one that works without a part, and says what is missing', async () => {
    says = { ok: true, parts: { cache: 'up', redis: 'down: each router asks for itself' } };
    const { code, stdout } = await status();
    assert.match(stdout, /^! router-1 .*redis down: each router asks for itself\n\n! works without a part/);
    assert.doesNotMatch(stdout, /✔/);
    assert.deepEqual([code, await stateOf()], [0, { ready: true, degraded: true }]);
  });

  it('fails for one that cannot work', async () => {
    says = { ok: false, parts: { cache: 'down: every question is asked anew' } };
    const { code, stdout } = await status();
    assert.match(stdout, /^✖ router-1/);
    assert.deepEqual([code, await stateOf()], [1, { ready: false, degraded: false }]);
  });
});
