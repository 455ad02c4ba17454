/** `npm start` as an operator meets it. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually, startRedis } from '@refrain/testkit';
import { root } from '../src/check/step.ts';
import { readReadiness } from '../src/start/wait-ready.ts';
import {
  beginStart,
  type MeshStart,
  processesOf,
  startMesh,
  type TestMesh,
  type TestMeshOptions,
} from './start-mesh.ts';

const limit = { timeout: 180_000 };

/** A home that goes at the end, after what was started in it. */
function newHome(ends: AsyncDisposableStack): string {
  const home = mkdtempSync(join(tmpdir(), 'refrain-start-'));
  ends.defer(() => rmSync(home, { recursive: true, maxRetries: 5 }));
  return home;
}

async function takePort(ends: AsyncDisposableStack): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  ends.defer(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function upUntil(ends: AsyncDisposableStack, options: TestMeshOptions): Promise<TestMesh> {
  const mesh = await startMesh(options);
  ends.defer(async () => void (await mesh.stop()));
  return mesh;
}

function begunUntil(ends: AsyncDisposableStack, options: TestMeshOptions): MeshStart {
  const start = beginStart(options);
  ends.defer(async () => {
    start.child.kill('SIGKILL');
    await eventually(() => processesOf(start.home).length === 0, { what: 'the processes to end' });
  });
  return start;
}

describe('a mesh', limit, () => {
  const ends = new AsyncDisposableStack();
  let home: string;
  let taken: number;
  let mesh: TestMesh;

  before(async () => {
    home = newHome(ends);
    taken = await takePort(ends);
    mesh = await upUntil(ends, { home, routers: 2, env: { CACHE_PORT: String(taken) } });
  });
  after(() => ends.disposeAsync());

  it('is told of when every process is ready, in a file its owner alone may read', async () => {
    const names = mesh.file().processes.map(({ name }) => name);
    assert.deepEqual(names, ['router-1', 'router-2', 'provider-llama', 'jobs', 'cache']);
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
    assert.match(mesh.output(), new RegExp(`cache: port ${taken} is taken, so grpc is on \\d+ \\(CACHE_PORT\\)`));
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

  for (const name of ['cache', 'nats', 'redis', 'chroma', 'router-2', 'provider-llama', 'jobs']) {
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
  await using ends = new AsyncDisposableStack();
  const home = newHome(ends);
  const mesh = await upUntil(ends, { home });
  // Redis writes its title over its environment, and does not end where its folder is gone before it has saved.
  const redis = mesh.pidOf('redis');
  mesh.child.kill('SIGKILL');
  const isOver = () => processesOf(home).length === 0 && !existsSync(`/proc/${redis}`);
  await eventually(isOver, { timeoutMs: 20_000, what: 'the processes to end' });
});

it('uses a server of the user’s own and starts none beside it', limit, async () => {
  await using ends = new AsyncDisposableStack();
  const redis = ends.adopt(await startRedis(), (redis) => redis.stop());
  const mesh = await upUntil(ends, { env: { REDIS_URL: redis.url } });
  assert.equal(mesh.file().redis, redis.url);
  assert.throws(() => mesh.pidOf('redis'));
});

it('starts without models, and says what that means', limit, async () => {
  await using ends = new AsyncDisposableStack();
  const home = newHome(ends);
  const noFolder = join(home, 'a file');
  writeFileSync(noFolder, '');
  const mesh = await upUntil(ends, { home, env: { REFRAIN_MODELS: noFolder } });
  assert.match(mesh.output(), /no embedding model: the cache answers exact repetitions only/);
  assert.match(mesh.output(), /no local model: without provider keys or an Ollama server only templates answer/);
  assert.match(mesh.output(), /embedder +no model/);
});

it('stops at a wrong refrain.yaml with line and field, before anything is fetched or started', limit, async () => {
  await using ends = new AsyncDisposableStack();
  const home = newHome(ends);
  const config = readFileSync(join(root, 'refrain.yaml'), 'utf8').replace('attempts: 4', 'attempts: many');
  const line = config.slice(0, config.indexOf('attempts: many')).split('\n').length;
  const start = begunUntil(ends, { home, config });
  assert.equal(await start.exited, 78);
  assert.match(start.output(), new RegExp(`^refrain: /\\S+/refrain\\.yaml:${line}:3 limits.attempts: .*\\n$`));
  assert.equal(existsSync(join(home, 'logs')), false);
});

it('stops as a whole, with the service’s own words, where a service cannot use its configuration', limit, async () => {
  await using ends = new AsyncDisposableStack();
  const home = newHome(ends);
  const start = begunUntil(ends, { home, env: { ROUTER_HOST: '0.0.0.0' } });
  assert.equal(await start.exited, 78, start.output());
  assert.match(start.output(), /router-1 ended \(exit code 78\):\n.*ROUTER_HOST.*without callers' keys/);
  assert.deepEqual(processesOf(home), []);
});

it('gives up a start that is under way when it is asked to end', limit, async () => {
  await using ends = new AsyncDisposableStack();
  const home = newHome(ends);
  const start = begunUntil(ends, { home });
  await eventually(() => processesOf(home).length > 2, { what: 'the first processes' });
  start.child.kill('SIGINT');
  assert.equal(await start.exited, 0, start.output());
  assert.deepEqual(processesOf(home), []);
});
