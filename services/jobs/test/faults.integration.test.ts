/** What an accepted job survives, and what is told where it cannot be accepted. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  GetRequestSchema,
  JobState,
  JobsService,
  jobsSubject,
  ListRequestSchema,
  OptionsSchema,
  QueuedJobSchema,
  SubmitRequestSchema,
} from '@refrain/contracts';
import { createGrpcClient } from '@refrain/rpc';
import { eventually } from '@refrain/testkit';
import { as, chatOf, isReady, startJobs, type TestJobs } from './start-jobs.ts';

/** As long as its caller waits. */
const never = (_: unknown, signal: AbortSignal) =>
  new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve('Too late.')));

describe('a job whose worker or bus fails', { timeout: 180_000 }, () => {
  let at: TestJobs;
  before(async () => {
    at = await startJobs();
  });
  after(() => at?.stop());
  beforeEach(() => {
    at.router.script = () => 'An answer.';
  });
  const all = async () => (await at.client.list(create(ListRequestSchema), { metadata: as.operator })).jobs;
  /** The port stays, which is where the client looks. */
  const again = async () => {
    at.jobs = await at.start({ JOBS_PORT: (at.jobs.ready.grpc ?? '').split(':')[1] ?? '0' });
    await isReady(at.jobs, true);
  };

  it('is delivered again when the worker was killed, and has one answer', async () => {
    at.router.script = never;
    const id = await at.submit('Killed?');
    await at.until(id, JobState.RUNNING);
    await eventually(() => at.router.count('Killed?') === 1, { what: 'the router to be asked' });
    await at.jobs.kill();
    at.router.script = () => 'Survived.';
    await again();
    const { answer, job } = await at.until(id, JobState.DONE);
    assert.deepEqual([answer?.text, job?.attempts, at.router.count('Killed?')], ['Survived.', 2, 2]);
  });

  it('that kills every worker it gets is dead after three, and the queue goes on', async () => {
    at.router.script = never;
    const id = await at.submit('Deadly?');
    for (const attempt of [1, 2, 3]) {
      await eventually(async () => (await at.get(id)).job?.attempts === attempt, { what: `try ${attempt}` });
      await eventually(() => at.router.count('Deadly?') === attempt, {
        what: `the router to be asked ${attempt} times`,
      });
      await at.jobs.kill();
      await again();
    }
    at.router.script = () => 'Fine.';
    const { job } = await at.until(id, JobState.DEAD);
    assert.deepEqual([job?.attempts, job?.errorReason, at.router.count('Deadly?')], [3, 'ABANDONED', 3]);
    await at.until(await at.submit('Harmless?'), JobState.DONE);
  });

  it('costs no try while the router is away, and is answered when it is back', async () => {
    const other = await at.start({ ROUTER_ADDR: '127.0.0.1:1' });
    const only = at.jobs;
    await only.stop();
    const client = createGrpcClient(JobsService, other.ready.grpc ?? '');
    const { job: submitted } = await client.submit(create(SubmitRequestSchema, { chat: chatOf('Routerless?') }), {
      metadata: as.ann,
    });
    const id = submitted?.id ?? '';
    const now = async () => (await client.get(create(GetRequestSchema, { id }), { metadata: as.ann })).job;
    const isWaiting = async () => {
      const { attempts, errorReason, state, waits } = (await now()) ?? {};
      const isRefused = state === JobState.QUEUED && errorReason === 'NOT_CONNECTED';
      return isRefused && attempts === 0 && (waits ?? 0) >= 4;
    };
    await eventually(isWaiting, { what: 'more refusals than a job has tries, and no try' });
    client.close();
    await other.stop();
    await again();
    const { answer, job } = await at.until(id, JobState.DONE);
    assert.deepEqual([answer?.text, job?.attempts], ['An answer.', 1]);
  });

  it('is given back when the service stops in peace, which costs it no try', async () => {
    at.router.script = never;
    const id = await at.submit('Stopped?');
    await at.until(id, JobState.RUNNING);
    assert.equal(await at.jobs.stop(), 0);
    at.router.script = () => 'Resumed.';
    await again();
    const { answer, job } = await at.until(id, JobState.DONE);
    assert.deepEqual([answer?.text, job?.attempts], ['Resumed.', 1]);
  });

  it('that is delivered twice is asked once', async () => {
    let ask = 0;
    const go = Promise.withResolvers<string>();
    at.router.script = () => {
      ask += 1;
      return go.promise;
    };
    const id = await at.submit('Twice?');
    await at.until(id, JobState.RUNNING);
    const twin = create(QueuedJobSchema, {
      ...{ id, tenant: 'acme', user: 'ann', tier: 'pro', chat: chatOf('Twice?'), options: create(OptionsSchema) },
      expiresAtMs: BigInt(Date.now() + 60_000),
    });
    await at.bus.publishDurable(jobsSubject, toBinary(QueuedJobSchema, twin), { id: randomUUID() });
    // Whoever has the twin waits for the first; a job after it shows that others have come by it.
    at.router.script = () => 'Other.';
    await at.until(await at.submit('Between?'), JobState.DONE);
    go.resolve('Once.');
    const { answer } = await at.until(id, JobState.DONE);
    assert.deepEqual([answer?.text, ask], ['Once.', 1]);
    const isTold = () => at.events.filter(({ job }) => job?.id === id).length === 2;
    await eventually(isTold, { what: 'the twin to be told that it is over' });
    assert.equal(at.router.count('Twice?'), 1);
  });

  it('is taken over from a worker that is frozen, whose own answer comes too late to count', async () => {
    const thawed = Promise.withResolvers<string>();
    at.router.script = () => thawed.promise;
    const id = await at.submit('Frozen?');
    await at.until(id, JobState.RUNNING);
    at.jobs.freeze();
    const other = await at.start();
    const client = createGrpcClient(JobsService, other.ready.grpc ?? '');
    at.router.script = () => 'Of the other.';
    const get = () => client.get(create(GetRequestSchema, { id }), { metadata: as.ann });
    const isDone = async () => (await get().catch(() => undefined))?.job?.state === JobState.DONE;
    await eventually(isDone, { what: 'the other to answer', timeoutMs: 20_000 });
    thawed.resolve('Of the frozen.');
    at.jobs.thaw();
    await at.until(await at.submit('After the frost?'), JobState.DONE);
    const { answer, job } = await get();
    assert.deepEqual([answer?.text, job?.attempts], ['Of the other.', 2]);
    client.close();
    await other.stop();
  });

  it('is there with its answer when NATS was killed', async () => {
    const done = await at.submit('Before?');
    await at.until(done, JobState.DONE);
    at.router.script = never;
    const waiting = await at.submit('During?');
    await at.until(waiting, JobState.RUNNING);
    await at.nats.kill();
    at.router.script = () => 'After.';
    await at.jobs.kill();
    await at.nats.restart();
    await again();
    assert.equal((await at.until(done, JobState.DONE)).answer?.text, 'An answer.');
    assert.equal((await at.until(waiting, JobState.DONE)).answer?.text, 'After.');
  });

  it('is not taken while NATS is away, and nothing is kept of it', async () => {
    await at.until(await at.submit('Settled?'), JobState.DONE);
    const known = (await all()).length;
    await at.nats.kill();
    const away = { code: 'unavailable', reason: 'BUS_DOWN' };
    await eventually(
      async () => (await fetch((at.jobs.ready.metrics ?? '').replace('metrics', 'readyz'))).status === 503,
    );
    await assert.rejects(at.submit('Lost?'), away);
    await assert.rejects(at.client.get(create(GetRequestSchema, { id: randomUUID() }), { metadata: as.ann }), away);
    await at.nats.restart();
    await isReady(at.jobs, true);
    await at.until(await at.submit('Back?'), JobState.DONE);
    assert.deepEqual([(await all()).length, at.router.count('Lost?')], [known + 1, 0]);
  });

  it('is worked on by several services at once, each by one', async () => {
    await at.start();
    const ids = await Promise.all(Array.from({ length: 30 }, (_, i) => at.submit(`Shared ${i}?`)));
    for (const id of ids) await at.until(id, JobState.DONE);
    assert.equal(at.router.count('Shared'), 30);
  });

  it('can be asked for at any of them', async () => {
    const other = await at.start();
    const client = createGrpcClient(JobsService, other.ready.grpc ?? '');
    const id = await at.submit('Anywhere?');
    await at.until(id, JobState.DONE);
    const { answer } = await client.get(create(GetRequestSchema, { id }), { metadata: as.ann });
    client.close();
    assert.equal(answer?.text, 'An answer.');
  });
});
