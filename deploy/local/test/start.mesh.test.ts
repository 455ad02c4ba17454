/** `npm start` as an operator meets it. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually, startRedis } from '@refrain/testkit';
import { root } from '../src/check/step.ts';
import { readReadiness } from '../src/start/wait-ready.ts';
import { beginStart, processesOf, startMesh, type TestMesh } from './start-mesh.ts';

const limit = { timeout: 180_000 };

function newHome(): string {
  return mkdtempSync(join(tmpdir(), 'refrain-start-'));
}

async function takenPort(): Promise<{ port: number; free: () => Promise<void> }> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  return { port, free: () => new Promise((resolve) => server.close(() => resolve())) };
}

describe('a mesh', limit, () => {
  const home = newHome();
  let taken: Awaited<ReturnType<typeof takenPort>>;
  let mesh: TestMesh;

  before(async () => {
    taken = await takenPort();
    mesh = await startMesh({ home, routers: 2, env: { CACHE_PORT: String(taken.port) } });
  });
  after(async () => {
    await mesh.stop();
    await taken.free();
    rmSync(home, { recursive: true, maxRetries: 5 });
  });

  it('is told of when every process is ready, in a file its owner alone may read', async () => {
    const names = mesh.file().processes.map(({ name }) => name);
    assert.deepEqual(names, ['router-1', 'router-2', 'provider-llama', 'cache']);
    for (const { name, metrics } of mesh.file().processes) assert.equal((await readReadiness(metrics))?.ok, true, name);
    const cache = mesh.file().processes.at(-1);
    assert.equal((await readReadiness(cache?.metrics ?? ''))?.parts.embedder, 'up');
    assert.equal(statSync(join(home, 'mesh.json')).mode & 0o777, 0o600);
  });

  it('prints lines to try that are true', async () => {
    const [, url] = /curl (http:\S+)/.exec(mesh.output()) ?? [];
    const [, body = ''] = /-d '([^']+)' *\n/.exec(mesh.output()) ?? [];
    const response = await fetch(url ?? '', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    assert.equal(response.status, 200);
    assert.match(await response.text(), /Paris/);
  });

  it('takes another port, with a word, where one is taken', () => {
    assert.match(mesh.output(), new RegExp(`cache: port ${taken.port} is taken, so grpc is on \\d+ \\(CACHE_PORT\\)`));
  });

  it('has its home to itself: a second start says so in one sentence and changes nothing', async () => {
    const before = readFileSync(join(home, 'mesh.json'), 'utf8');
    const second = beginStart({ home });
    assert.equal(await second.exited, 1);
    assert.match(
      second.output(),
      new RegExp(`^refrain: A mesh runs in \\S+ already \\(process ${mesh.child.pid}\\).*\\n$`),
    );
    assert.equal(readFileSync(join(home, 'mesh.json'), 'utf8'), before);
  });

  for (const name of ['cache', 'nats', 'redis', 'chroma', 'router-2', 'provider-llama']) {
    it(`brings ${name} back at the same address when it is killed`, async () => {
      const { processes, parts, ...addresses } = mesh.file();
      const pid = mesh.pidOf(name);
      process.kill(pid, 'SIGKILL');
      await eventually(() => mesh.pidOf(name) !== pid, { timeoutMs: 60_000, what: `${name} to come back` });
      const { processes: processesNow, parts: partsNow, ...addressesNow } = mesh.file();
      assert.deepEqual(addressesNow, addresses);
      const withoutPid = (all: readonly object[]) => all.map((each) => ({ ...each, pid: 0 }));
      assert.deepEqual(withoutPid(processesNow), withoutPid(processes));
      assert.deepEqual(withoutPid(partsNow), withoutPid(parts));
      assert.match(mesh.output(), new RegExp(`${name} ended \\(SIGKILL\\)[\\s\\S]*${name} runs again`));
    });
  }

  it('ends on SIGTERM as a whole, a frozen service too, leaving no process and no mesh.json', async () => {
    process.kill(mesh.pidOf('cache'), 'SIGSTOP');
    assert.notDeepEqual(processesOf(home), []);
    assert.equal(await mesh.stop(), 0);
    assert.deepEqual(processesOf(home), []);
    assert.equal(existsSync(join(home, 'mesh.json')), false);
  });
});

it('ends as a whole when the starter is killed', limit, async () => {
  const home = newHome();
  const mesh = await startMesh({ home });
  mesh.child.kill('SIGKILL');
  await eventually(() => processesOf(home).length === 0, { timeoutMs: 20_000, what: 'the processes to end' });
  rmSync(home, { recursive: true, maxRetries: 5 });
});

it('uses a server of the user’s own and starts none beside it', limit, async () => {
  const redis = await startRedis();
  const mesh = await startMesh({ env: { REDIS_URL: redis.url } });
  assert.equal(mesh.file().redis, redis.url);
  assert.throws(() => mesh.pidOf('redis'));
  await mesh.stop();
  await redis.stop();
});

it('stops at a wrong refrain.yaml with line and field, before anything is fetched or started', limit, async () => {
  const home = newHome();
  const config = readFileSync(join(root, 'refrain.yaml'), 'utf8').replace('attempts: 4', 'attempts: many');
  const line = config.slice(0, config.indexOf('attempts: many')).split('\n').length;
  const start = beginStart({ home, config });
  assert.equal(await start.exited, 78);
  assert.match(start.output(), new RegExp(`^refrain: refrain.yaml:${line}:3 limits.attempts: .*\\n$`));
  assert.equal(existsSync(join(home, 'logs')), false);
  rmSync(home, { recursive: true });
});

it('stops as a whole, with the service’s own words, where a service cannot use its configuration', limit, async () => {
  const home = newHome();
  const start = beginStart({ home, env: { ROUTER_HOST: '0.0.0.0' } });
  assert.equal(await start.exited, 78, start.output());
  assert.match(start.output(), /router-1 ended \(exit code 78\):\n.*ROUTER_HOST.*without callers' keys/);
  assert.deepEqual(processesOf(home), []);
  rmSync(home, { recursive: true, maxRetries: 5 });
});

it('gives up a start that is under way when it is asked to end', limit, async () => {
  const home = newHome();
  const start = beginStart({ home });
  await eventually(() => processesOf(home).length > 2, { what: 'the first processes' });
  start.child.kill('SIGINT');
  assert.equal(await start.exited, 0, start.output());
  assert.deepEqual(processesOf(home), []);
  rmSync(home, { recursive: true, maxRetries: 5 });
});
