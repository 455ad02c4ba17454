/** What a job's submitter, its tenant and an operator are promised. */
import assert from 'node:assert/strict';
import { randomUUIDv7 } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { create, fromJsonString, toBinary } from '@bufbuild/protobuf';
import {
  type AlertEvent,
  AlertEventSchema,
  alertsStream,
  decodeEvent,
  eventSubject,
  FallbackMode,
  GetRequestSchema,
  JobRecordSchema,
  JobState,
  jobStateSubject,
  jobsStateStream,
  jobsSubject,
  ListRequestSchema,
  meshTenant,
  QueuedJobSchema,
  RetryRequestSchema,
  SubmitRequestSchema,
} from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { eventually } from '@refrain/testkit';
import { longestSeconds } from '../src/intake.ts';
import { as, chatOf, startJobs, type TestJobs } from './start-jobs.ts';

describe('a job', { timeout: 120_000 }, () => {
  let at: TestJobs;
  before(async () => {
    at = await startJobs();
  });
  after(() => at?.stop());
  const failing = () => new RefrainError('unavailable', 'The provider failed.', { reason: 'UPSTREAM_FAILED' });
  const list = (state: JobState) => at.client.list(create(ListRequestSchema, { state }), { metadata: as.operator });

  it('is answered in its user’s name, in the low lane and never by a template, and the answer can be fetched', async () => {
    at.router.script = () => 'Lisbon.';
    const id = await at.submit('Portugal?', { options: { fallback: FallbackMode.QUEUE, tags: ['geo'] } });
    const { answer, job } = await at.until(id, JobState.DONE);
    assert.equal(answer?.text, 'Lisbon.');
    assert.deepEqual([job?.attempts, job?.cost?.nanoUsd, job?.errorCode], [1, 20_000n, '']);
    assert.ok(job && job.createdAtMs <= job.startedAtMs && job.startedAtMs <= job.finishedAtMs);
    const [asked] = at.router.asked.filter(({ text }) => text === 'Portugal?');
    assert.deepEqual(asked?.caller, { tenant: 'acme', user: 'ann', tier: 'pro', deferred: true });
    assert.deepEqual([asked?.request.options?.fallback, asked?.request.options?.tags], [FallbackMode.NONE, ['geo']]);
  });

  it('is told to its tenant when it ends, without question or answer', async () => {
    at.router.script = () => 'A secret reply.';
    const id = await at.submit('A secret question?');
    await at.until(id, JobState.DONE);
    await eventually(() => at.events.some(({ job }) => job?.id === id), { what: 'the event' });
    const event = at.events.find(({ job }) => job?.id === id);
    assert.deepEqual([event?.kind, event?.job?.state, event?.job?.tenant], ['job', JobState.DONE, 'acme']);
    assert.equal(event?.job?.cost?.nanoUsd, 20_000n);
    assert.doesNotMatch(at.eventTexts.join(), /secret/);
    assert.doesNotMatch(at.jobs.output(), /secret/);
  });

  it('is its tenant’s alone', async () => {
    const id = await at.submit('Mine?');
    for (const unknown of [id, '01890000-0000-7000-8000-000000000000', 'no id', '*'])
      await assert.rejects(at.client.get(create(GetRequestSchema, { id: unknown }), { metadata: as.bob }), {
        ...{ code: 'not_found', reason: 'UNKNOWN_JOB' },
      });
    await assert.rejects(at.client.list(create(ListRequestSchema), { metadata: as.ann }), { reason: 'OPERATORS_ONLY' });
    await assert.rejects(at.client.retry(create(RetryRequestSchema, { id })), { reason: 'OPERATORS_ONLY' });
  });

  it('is nobody’s who vouches with another secret, or with none', async () => {
    const request = create(SubmitRequestSchema, { chat: chatOf('Who am I?') });
    const forged = { ...as.bob, 'x-refrain-mesh-secret': 'a-secret-of-the-mes!' };
    await assert.rejects(at.client.submit(request, { metadata: forged }), {
      ...{ code: 'denied', reason: 'INVALID_MESH_SECRET' },
    });
    // Without the secret the rest is what any stranger may write: a mesh without keys takes it for its local tenant.
    const { job } = await at.client.submit(request, { metadata: { 'x-refrain-tenant': 'globex' } });
    assert.equal(job?.tenant, 'local');
  });

  it('is tried again when the fault passes, and the answer counts', async () => {
    let tries = 0;
    at.router.script = ({ text }) => {
      if (text !== 'Failing?') return 'Another.';
      tries += 1;
      return tries < 3 ? failing() : 'At last.';
    };
    const { answer, job } = await at.until(await at.submit('Failing?'), JobState.DONE);
    assert.deepEqual([answer?.text, job?.attempts, job?.waits, tries], ['At last.', 3, 0, 3]);
  });

  it('outlives an outage in which it reaches no provider, however often it is refused', async () => {
    const refusals = [
      new RefrainError('unavailable', 'Nobody serves it.', { reason: 'NO_RESPONDERS' }),
      new RefrainError('unavailable', 'The provider failed too often lately.', {
        reason: 'BREAKER_OPEN',
        retryAfterMs: 20,
      }),
      new RefrainError('overloaded', 'All are busy.', { reason: 'BUSY' }),
      new RefrainError('upstream_exhausted', 'All keys rest.', { reason: 'NO_KEY', retryAfterMs: 30 }),
      new RefrainError('budget', 'The budget is spent.', { reason: 'BUDGET_EXHAUSTED' }),
    ];
    let refused = 0;
    at.router.script = ({ text }) => {
      const refusal = refusals[refused % refusals.length];
      if (text !== 'Outage?' || refused === 10 || !refusal) return 'Over.';
      refused += 1;
      return refusal;
    };
    const id = await at.submit('Outage?');
    await eventually(async () => ((await at.get(id)).job?.waits ?? 0) > 0, { what: 'a refusal to be counted' });
    const { answer, job } = await at.until(id, JobState.DONE);
    assert.deepEqual([answer?.text, job?.attempts, job?.waits, job?.errorCode], ['Over.', 1, 10, '']);
  });

  it('that nobody could answer within the time of the mesh is dead, where an operator has it tried again', async () => {
    at.router.script = () => new RefrainError('unavailable', 'Nobody serves it.', { reason: 'NO_RESPONDERS' });
    const id = randomUUIDv7();
    const about = { id, tenant: 'acme', user: 'ann' };
    const expiresAtMs = BigInt(Date.now() + 500);
    const times = { createdAtMs: expiresAtMs - BigInt(longestSeconds * 1000), expiresAtMs };
    const record = create(JobRecordSchema, { job: { ...about, ...times, state: JobState.QUEUED } });
    await at.bus.kept(jobsStateStream).put(jobStateSubject(id), toBinary(JobRecordSchema, record), 0);
    const queued = create(QueuedJobSchema, { ...about, ...times, tier: 'pro', chat: chatOf('Old?') });
    await at.bus.publishDurable(jobsSubject, toBinary(QueuedJobSchema, queued), { id });
    const { job } = await at.until(id, JobState.DEAD);
    assert.deepEqual([job?.errorReason, job?.attempts], ['EXPIRED', 0]);
    assert.ok((job?.waits ?? 0) > 0 && (job?.finishedAtMs ?? 0n) >= expiresAtMs);
    // One that waited longer than its record is kept (the service was away) dies likewise.
    const lost = { ...queued, id: randomUUIDv7(), expiresAtMs: BigInt(Date.now() - 1) };
    await at.bus.publishDurable(jobsSubject, toBinary(QueuedJobSchema, lost), { id: lost.id });
    assert.equal((await at.until(lost.id, JobState.DEAD)).job?.errorReason, 'EXPIRED');
    at.router.script = () => 'Late, but there.';
    for (const dead of [id, lost.id]) {
      await at.client.retry(create(RetryRequestSchema, { id: dead }), { metadata: as.operator });
      assert.equal((await at.until(dead, JobState.DONE)).answer?.text, 'Late, but there.');
    }
  });

  it('fails at once where trying again would not help', async () => {
    at.router.script = () => new RefrainError('content_filter', 'Not this.');
    const id = await at.submit('Filtered?');
    const { job } = await at.until(id, JobState.FAILED);
    assert.deepEqual([job?.attempts, job?.errorCode, job?.errorReason], [1, 'content_filter', 'CONTENT_FILTER']);
    assert.equal(at.router.count('Filtered?'), 1);
  });

  it('is dead after three tries, where an operator sees it and has it tried again; the queue goes on', async () => {
    const alerts: AlertEvent[] = [];
    const listening = at.bus.subscribe(eventSubject(meshTenant, 'alert'), {}, ({ data }) => {
      alerts.push(fromJsonString(AlertEventSchema, Buffer.from(data).toString()));
    });
    at.router.script = ({ text }) => (text === 'Poison?' ? failing() : 'Fine.');
    const poison = await at.submit('Poison?');
    const others = await Promise.all(['One?', 'Two?', 'Three?'].map((text) => at.submit(text)));
    for (const id of others) await at.until(id, JobState.DONE);
    const { job } = await at.until(poison, JobState.DEAD);
    assert.deepEqual([job?.attempts, job?.errorReason, at.router.count('Poison?')], [3, 'UPSTREAM_FAILED', 3]);
    await eventually(() => at.events.some((event) => event.job?.id === poison), { what: 'the event' });
    await eventually(() => alerts.some(({ kind, text }) => kind === 'dead' && text.includes(poison)), {
      what: 'the alert',
    });
    await listening.drain();
    const kept: string[] = [];
    for await (const { data, header } of at.bus.replay(alertsStream, { sinceMs: 0 }))
      kept.push(decodeEvent(AlertEventSchema, data, header('content-type')).text);
    assert.ok(
      kept.some((text) => text.includes(poison)),
      'who looks later sees it, too',
    );
    assert.deepEqual(
      (await list(JobState.DEAD)).jobs.map(({ id }) => id),
      [poison],
    );
    at.router.script = () => 'Mended.';
    await at.client.retry(create(RetryRequestSchema, { id: poison }), { metadata: as.operator });
    const mended = await at.until(poison, JobState.DONE);
    assert.deepEqual([mended.answer?.text, mended.job?.attempts], ['Mended.', 1]);
    assert.deepEqual((await list(JobState.DEAD)).jobs, []);
    await assert.rejects(at.client.retry(create(RetryRequestSchema, { id: poison }), { metadata: as.operator }), {
      code: 'not_found',
    });
  });

  it('that nobody could answer in the time its submitter gave it fails then, and its tenant hears of it', async () => {
    at.router.script = () => new RefrainError('overloaded', 'Later.', { retryAfterMs: 60_000 });
    const id = await at.submit('Late?', { expiresInSeconds: 1 });
    const { job } = await at.until(id, JobState.FAILED);
    assert.deepEqual([job?.errorReason, job?.attempts, at.router.count('Late?')], ['EXPIRED', 0, 1]);
    await eventually(() => at.events.some((event) => event.job?.id === id), { what: 'the event' });
  });

  it('under one idempotency key is one job, and another question under it is refused', async () => {
    at.router.script = () => 'Once.';
    const more = { idempotencyKey: 'order-7' };
    const ids = await Promise.all([1, 2, 3, 4].map(() => at.submit('Keyed?', more)));
    assert.equal(new Set(ids).size, 1);
    await at.until(ids[0] ?? '', JobState.DONE);
    assert.equal(await at.submit('Keyed?', more), ids[0]);
    assert.equal(at.router.count('Keyed?'), 1);
    await assert.rejects(at.submit('Another?', more), { code: 'invalid', reason: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('that is no question is refused with every fault, and nothing is kept of it', async () => {
    const before = (await list(JobState.UNSPECIFIED)).jobs.length;
    const none = create(SubmitRequestSchema, { chat: { messages: [] } });
    await assert.rejects(at.client.submit(none, { metadata: as.ann }), { code: 'invalid' });
    await assert.rejects(at.submit('Long?', { expiresInSeconds: 99_999, idempotencyKey: 'ä' }), ({ fields }) => {
      assert.deepEqual(
        fields.map(({ field }: { field: string }) => field),
        ['expires_in_seconds', 'idempotency_key'],
      );
      return true;
    });
    assert.equal((await list(JobState.UNSPECIFIED)).jobs.length, before);
  });
});
