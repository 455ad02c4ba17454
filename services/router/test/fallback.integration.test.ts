/** All five rungs of the fallback chain, by every door: next provider, local model, stale answer, template, queue. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { CompleteRequestSchema, eventSubject, FallbackMode, OptionsSchema } from '@refrain/contracts';
import { type Answering, eventually, type RecordedCall } from '@refrain/testkit';
import { type Doors, doorNames, openDoors } from './doors.ts';
import { chatOf } from './question.ts';
import { startMesh, type TestMesh } from './start-mesh.ts';

const secret = 'a-secret-of-the-mesh';
const overloaded = { fault: { kind: 'overloaded' } } as const;
const queue = create(OptionsSchema, { fallback: FallbackMode.QUEUE });

async function anyPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

interface JobBody {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly waits: number;
  readonly completion: { readonly choices: readonly { readonly message: { readonly content: string } }[] } | null;
}

describe('who falls back', { timeout: 180_000 }, () => {
  let mesh: TestMesh;
  let doors: Doors;
  const jobs = { port: 0 };
  const startJobs = () =>
    mesh.start('jobs', {
      JOBS_PORT: String(jobs.port),
      JOBS_OPS_PORT: '0',
      JOBS_RETRY_BASE_MS: '200',
      JOBS_LONGEST_WAIT_MS: '500',
      REFRAIN_MESH_SECRET: secret,
      ROUTER_ADDR: mesh.router.ready.grpc ?? '',
    });
  before(async () => {
    jobs.port = await anyPort();
    mesh = await startMesh({
      router: { JOBS_ADDR: `127.0.0.1:${jobs.port}`, REFRAIN_MESH_SECRET: secret },
      providers: ({ baseUrl }) =>
        `  near: { adapter: openai, baseUrl: "${baseUrl}", keyless: true, models: [{ name: small, rank: 1, contextTokens: 9000 }] }\n`,
      extra: 'localFallback: [near/small]\ncache: { revalidateSeconds: 0, semantic: { enabled: false } }\n',
    });
    doors = await openDoors(mesh);
  });
  after(async () => {
    await doors?.close();
    await mesh?.stop();
  });
  /** The upstream of `one` and of the local model, told apart by the model's name. */
  const script = (one: Answering, local: Answering, two: Answering) => {
    const choose = (reply: Answering, call: RecordedCall) => (typeof reply === 'function' ? reply(call) : reply);
    mesh.one.otherwise((call) => choose(call.body.model === 'small' ? local : one, call));
    mesh.two.otherwise(two);
  };
  const readJob = async (id: string) => {
    const response = await fetch(`${mesh.http}/v1/refrain/jobs/${id}`);
    return { status: response.status, body: (await response.json()) as JobBody };
  };

  it('gets the next provider’s answer, then the local model’s, then a template, and hears which by every door', async () => {
    for (const door of doorNames) {
      const ask = (what: string) => doors.by[door](chatOf(`${what} by ${door}?`));
      script(overloaded, { text: 'Near.' }, { text: 'Two.' });
      const next = await ask('Next');
      assert.deepEqual([next.source, next.provider, next.degraded], ['provider', 'two', false], door);
      script(overloaded, { text: 'Near.' }, overloaded);
      const local = await ask('Local');
      assert.deepEqual([local.source, local.provider, local.reason], ['provider', 'near', 'fallback:local'], door);
      script(overloaded, overloaded, overloaded);
      const template = await ask('Template');
      assert.deepEqual([template.source, template.model, template.degraded], ['template', 'apology', true], door);
      assert.equal(template.jobId, '', door);
    }
  });

  it('gets an answer past its time before any template, and no job of it', async () => {
    script({ text: 'Lisbon.' }, overloaded, overloaded);
    const brief = create(OptionsSchema, { ttlSeconds: 1 });
    for (const door of doorNames) {
      script({ text: 'Lisbon.' }, overloaded, overloaded);
      const chat = chatOf(`Capital by ${door}?`);
      await doors.by[door](chat, brief);
      script(overloaded, overloaded, overloaded);
      const stale = async () => (await doors.by[door](chat, queue)).source === 'stale';
      await eventually(stale, { what: `a stale answer by ${door}` });
      assert.equal((await doors.by[door](chat, queue)).jobId, '', door);
    }
  });

  it('who named a model that nobody here serves hears which and what is missing, by every door; a template only on request', async () => {
    const full = create(OptionsSchema, { fallback: FallbackMode.FULL });
    for (const door of doorNames) {
      const chat = chatOf(`Absent by ${door}?`, { model: 'absent/large' });
      await assert.rejects(doors.by[door](chat), /Nobody serves absent\/large.*ABSENT_API_KEY/, door);
      const given = await doors.by[door](chat, full);
      assert.deepEqual(
        [given.source, given.degraded, given.reason],
        ['template', true, 'fallback:no_responders'],
        door,
      );
    }
    const logged = mesh.router.output().split('no worker serves the provider absent').length - 1;
    assert.equal(logged, 1, 'the log says it once');
  });

  it('gets what it would have got without a queue while the jobs service is away', async () => {
    script(overloaded, overloaded, overloaded);
    const given = await doors.by.http(chatOf('Away?'), queue);
    assert.deepEqual([given.source, given.jobId], ['template', '']);
  });

  it('is queued where it asks for it, and every door’s job is answered when a provider is back', async () => {
    await startJobs();
    script(overloaded, overloaded, overloaded);
    const ids: string[] = [];
    for (const door of doorNames) {
      const queued = async () => {
        const given = await doors.by[door](chatOf(`Queue by ${door}?`), queue);
        if (given.jobId !== '') ids.push(given.jobId);
        assert.deepEqual([given.source, given.degraded], ['template', true], door);
        return given.jobId !== '';
      };
      // The router finds a service that has just come within a moment.
      await eventually(queued, { what: `a job by ${door}` });
    }
    script({ text: 'Back.' }, overloaded, { text: 'Back.' });
    for (const id of ids) {
      await eventually(async () => ['done', 'dead'].includes((await readJob(id)).body.state), {
        what: 'the job to end',
        timeoutMs: 30_000,
      });
    }
    // The last one was queued a moment before a provider came back.
    const { body, status } = await readJob(ids.at(-1) ?? '');
    assert.deepEqual([status, body.state], [200, 'done']);
    assert.equal(body.completion?.choices[0]?.message.content, 'Back.');
  });

  it('has status 202 by HTTP, and the job in header and body; a job nobody made is 404', async () => {
    script(overloaded, overloaded, overloaded);
    const body = JSON.stringify({ messages: [{ role: 'user', content: 'Accepted?' }] });
    const headers = { 'content-type': 'application/json', 'x-refrain-fallback': 'queue' };
    const response = await fetch(`${mesh.http}/v1/chat/completions`, { method: 'POST', headers, body });
    const id = response.headers.get('x-refrain-job') ?? '';
    const answer = (await response.json()) as { refrain: { job_id: string } };
    assert.deepEqual([response.status, answer.refrain.job_id], [202, id]);
    assert.equal((await readJob(id)).body.id, id);
    assert.equal((await readJob('01890000-0000-7000-8000-000000000000')).status, 404);
  });

  it('is answered later however long nobody was there: a job waits for workers as often as it must', async () => {
    script({ text: 'Workers are back.' }, overloaded, overloaded);
    await mesh.workers.stop();
    const { jobId, reason } = await doors.by.grpc(chatOf('Workers away?'), queue);
    assert.equal(reason, 'fallback:no_responders');
    const waits = async () => {
      const { body } = await readJob(jobId);
      return body.waits > 3 && body.state === 'queued' && body.attempts === 0;
    };
    await eventually(waits, { what: 'more refusals than a job has tries, and no try', timeoutMs: 30_000 });
    await mesh.start('provider');
    await eventually(async () => (await readJob(jobId)).body.state === 'done', {
      what: 'the answer',
      timeoutMs: 30_000,
    });
    const { attempts, completion } = (await readJob(jobId)).body;
    assert.deepEqual([attempts, completion?.choices[0]?.message.content], [1, 'Workers are back.']);
  });

  it('whom no template fits gets an answer without text and a job of it, by every door', async () => {
    script(overloaded, overloaded, overloaded);
    const text = await readFile(mesh.configFile, 'utf8');
    await writeFile(mesh.configFile, text.replace(/^.*name: apology.*$/m, ''));
    const isQueued = async () => (await doors.by.grpc(chatOf('Bare?'), queue)).source === 'queued';
    await eventually(isQueued, { what: 'the new settings' });
    for (const door of doorNames) {
      const { degraded, jobId, source, text } = await doors.by[door](chatOf(`Bare by ${door}?`), queue);
      assert.deepEqual([source, text, degraded, jobId !== ''], ['queued', '', true, true], door);
      await assert.rejects(doors.by[door](chatOf('Bare and proud?')), /overloaded|503/, door);
    }
  });

  it('is who its key says, whatever else a request says about that', async () => {
    const tenants: string[] = [];
    const listening = doors.bus.subscribe(eventSubject('*', '*'), {}, ({ subject }) => {
      tenants.push(subject.split('.')[3] ?? '');
    });
    const claims = { 'x-refrain-tenant': 'globex', 'x-refrain-user': 'eve', 'x-refrain-tier': 'pro' };
    const content = 'when do you open';
    const response = await fetch(`${mesh.http}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-refrain-mesh-secret': secret, ...claims },
      body: JSON.stringify({ messages: [{ role: 'user', content }] }),
    });
    assert.equal(response.status, 200);
    const request = create(CompleteRequestSchema, { chat: chatOf(content) });
    await mesh.client.complete(request, { metadata: claims });
    await eventually(() => tenants.length >= 2, { what: 'the events' });
    await listening.drain();
    assert.deepEqual(new Set(tenants), new Set(['local']));
    const forged = { ...claims, 'x-refrain-mesh-secret': `${secret}!` };
    await assert.rejects(mesh.client.complete(request, { metadata: forged }), { reason: 'INVALID_MESH_SECRET' });
    assert.doesNotMatch(mesh.router.output(), new RegExp(secret));
  });
});
