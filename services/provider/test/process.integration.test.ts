/** The provider as a process: what it reads from its environment, and how it goes. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually, type ServiceProcess, startProcess } from '@refrain/testkit';
import { cases, meshText, type Rig, startRig, textOf } from './rig.ts';

describe('the provider process', () => {
  let rig: Rig;
  let folder: string;
  let environment: Record<string, string>;
  before(async () => {
    rig = await startRig();
    folder = await mkdtemp(join(tmpdir(), 'refrain-provider-'));
    const file = join(folder, 'refrain.yaml');
    await writeFile(file, meshText(rig.upstream.baseUrl));
    environment = {
      NATS_URL: rig.nats.url,
      REDIS_URL: rig.redis.url,
      REFRAIN_CONFIG: file,
      OPENAI_API_KEY: 'sk-process-12345',
      PROVIDER_OPS_PORT: '0',
    };
  });
  after(async () => {
    await rig.stop();
    await rm(folder, { recursive: true });
  });

  const start = async (env: Record<string, string> = {}): Promise<ServiceProcess> => {
    const child = await startProcess({ entry: 'services/provider/src/main.ts', env: { ...environment, ...env } });
    await eventually(async () => (await readiness(child)).ok, { what: 'the process to be ready' });
    return child;
  };
  const readiness = async (child: ServiceProcess) => {
    const response = await fetch(new URL('/readyz', child.ready.metrics));
    return { ok: response.ok, body: (await response.json()) as { ok: boolean; parts: Record<string, string> } };
  };
  it('says what it serves, and which keys it has, by number', async () => {
    const child = await start();
    const { parts } = (await readiness(child)).body;
    assert.deepEqual(parts, { nats: 'connected', openai: 'ready, 1 keys active, 0 resting, 0 disabled' });
    assert.equal(await child.stop(), 0);
  });

  it('fails no request on SIGTERM: what runs and what waits is finished and settled, then it ends with 0', async () => {
    const child = await start();
    const slow = { text: 'one two three', chunks: 6, paceMs: 50 };
    rig.upstream.script(slow, slow, slow);
    const { count } = rig.upstream;
    const asked = [rig.open(), rig.open(), rig.open()];
    await eventually(() => rig.upstream.count === count + 2);
    const stopped = child.stop();
    for (const each of asked) {
      const frames = await each.frames;
      assert.equal(frames.at(-1)?.body.case, 'final', JSON.stringify(cases(frames)));
      assert.equal(textOf(frames), 'one two three');
    }
    assert.equal(await stopped, 0);
    for (const each of asked) assert.equal((await rig.recordOf(each.attemptId)).outcome, 'completed');
    await assert.rejects(rig.ask(), { reason: 'NO_RESPONDERS' });
  });

  it('is as quiet as LOG_LEVEL says, and its key is in none of what it prints', async () => {
    const quiet = await start({ LOG_LEVEL: 'error' });
    rig.upstream.script({ fault: { kind: 'failed' } });
    await rig.ask();
    await quiet.stop();
    assert.equal(quiet.output(), '');
    const talkative = await start({ LOG_LEVEL: 'debug' });
    rig.upstream.script({}, { fault: { kind: 'failed' } });
    await rig.ask();
    await rig.ask();
    await talkative.stop();
    assert.match(talkative.output(), /"level":"debug".*attempt completed/);
    assert.match(talkative.output(), /attempt failed/);
    assert.ok(!talkative.output().includes('sk-process'));
  });

  it('follows its file of keys and its refrain.yaml; one that cannot be used leaves the old in force, and is counted', async () => {
    const keyFile = join(folder, 'keys');
    const file = join(folder, 'followed.yaml');
    await writeFile(keyFile, 'sk-process-file-1\n');
    await writeFile(file, meshText(rig.upstream.baseUrl));
    const child = await start({ OPENAI_API_KEY: '', OPENAI_API_KEY_FILE: keyFile, REFRAIN_CONFIG: file });
    const says = async (text: string) => (await readiness(child)).body.parts.openai === text;
    assert.ok(await says('ready, 1 keys active, 0 resting, 0 disabled'));
    await writeFile(keyFile, 'sk-process-file-1\nsk-process-file-2 # new\n');
    await eventually(() => says('ready, 2 keys active, 0 resting, 0 disabled'), { what: 'the second key' });
    await writeFile(file, 'version: 2');
    const faults = async () =>
      /^refrain_config_errors_total\S* 1$/m.test(await (await fetch(child.ready.metrics ?? '')).text());
    await eventually(faults, { what: 'the bad file to be counted' });
    rig.upstream.script({});
    assert.equal((await rig.ask()).at(-1)?.body.case, 'final');
    assert.match(child.output(), /cannot be used; the old one stays in force/);
    assert.ok(!child.output().includes('sk-process'));
    assert.equal(await child.stop(), 0);
  });

  it('does not start with an environment or a file that is wrong, and says what is', async () => {
    await assert.rejects(start({ REFRAIN_PROVIDERS: 'openai,nobody' }), /nobody is not a provider of refrain.yaml/);
    await assert.rejects(start({ REFRAIN_CONFIG: join(folder, 'none.yaml') }), /none\.yaml/);
  });

  it('starts before NATS is there and serves as soon as it is', async () => {
    await rig.nats.kill();
    const child = await startProcess({ entry: 'services/provider/src/main.ts', env: environment });
    const { ok, body } = await readiness(child);
    assert.deepEqual([ok, body.parts.nats], [false, 'not connected']);
    await rig.nats.restart();
    rig.upstream.script({ text: 'Hello.' });
    await eventually(() =>
      rig.ask().then(
        (frames) => textOf(frames) === 'Hello.',
        () => false,
      ),
    );
    assert.equal(await child.stop(), 0);
  });
});
