import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { FallbackMode, FinishReason, LookupResponseSchema, Source } from '@refrain/contracts';
import { type ErrorCode, errorCodes, RefrainError } from '@refrain/errors';
import { answerOf, questionOf } from '../../test/question.ts';
import { type JobQueue, noJobQueue } from '../job-queue.ts';
import { fallback } from './fallback.ts';

const question = questionOf('Tell me about Mars!');
const nothing = { stale: async () => undefined };
const error = (code: ErrorCode, reason?: string) =>
  new RefrainError(code, 'No.', reason === undefined ? {} : { reason });

test('a template answers for providers that do not, filled, degraded, and says what failed', async () => {
  const answer = await fallback(question, error('unavailable', 'NO_RESPONDERS'), nothing, noJobQueue);
  assert.equal(answer?.text, 'Nobody can tell about Mars now.');
  assert.deepEqual([answer?.requestId, answer?.finishReason], [question.requestId, FinishReason.STOP]);
  const { source, provider, model, degraded, reason, attempts } = answer?.provenance ?? {};
  assert.deepEqual(
    [source, provider, model, degraded, reason, attempts],
    [Source.TEMPLATE, 'template', 'apology', true, 'fallback:no_responders', 0],
  );
  assert.deepEqual([answer?.cost?.nanoUsd, answer?.cost?.priceMissing], [0n, false]);
});

test("exactly the failures that are the mesh's own are answered by a template", async () => {
  const answered: ErrorCode[] = [];
  for (const code of Object.keys(errorCodes) as ErrorCode[])
    if (await fallback(question, error(code), nothing, noJobQueue)) answered.push(code);
  assert.deepEqual(answered.sort(), [
    'deadline',
    'overloaded',
    'unavailable',
    'upstream',
    'upstream_denied',
    'upstream_exhausted',
  ]);
});

const past = create(LookupResponseSchema, {
  answer: answerOf('A planet.', { provenance: { source: Source.STALE, degraded: true, reason: 'fallback:stale' } }),
});

test('an answer past its time comes before a template, and only for the failures a template may answer', async () => {
  let asked = 0;
  const lookup = {
    stale: async () => {
      asked += 1;
      return past;
    },
  };
  assert.equal((await fallback(question, error('overloaded'), lookup, noJobQueue))?.text, 'A planet.');
  assert.equal(await fallback(question, error('content_filter'), lookup, noJobQueue), undefined);
  assert.equal(asked, 1);
});

test('who would rather have the error gets it, and nothing is looked up', async () => {
  const proud = questionOf('Tell me about Mars!', { options: { fallback: FallbackMode.NONE } });
  const lookup = { stale: () => assert.fail('looked up') };
  assert.equal(await fallback(proud, error('unavailable'), lookup, noJobQueue), undefined);
});

test('a model that was named and is not to be had here is an error, unless a template was asked for', async () => {
  const mars = 'Tell me about Mars!';
  const pinned = questionOf(mars, { chat: { model: 'one/large' } });
  const amiss = [
    error('unavailable', 'NO_RESPONDERS'),
    error('unavailable', 'MODEL_MISSING'),
    error('upstream_denied'),
  ];
  for (const each of amiss) {
    assert.equal(await fallback(pinned, each, nothing, noJobQueue), undefined, each.reason);
    const kept = { stale: async () => past };
    assert.equal((await fallback(pinned, each, kept, noJobQueue))?.text, 'A planet.', 'what it once said is its own');
    const full = questionOf(mars, { chat: { model: 'one/large' }, options: { fallback: FallbackMode.FULL } });
    assert.equal((await fallback(full, each, nothing, noJobQueue))?.provenance?.source, Source.TEMPLATE);
    for (const model of ['', 'auto', 'best']) {
      const free = questionOf(mars, { chat: { model } });
      assert.equal((await fallback(free, each, nothing, noJobQueue))?.provenance?.source, Source.TEMPLATE, model);
    }
  }
  for (const each of [error('unavailable', 'UPSTREAM_FAILED'), error('overloaded'), error('deadline')])
    assert.equal((await fallback(pinned, each, nothing, noJobQueue))?.provenance?.degraded, true, 'a bad hour');
});

test('a question no fallback template fits gets the error; one that always answers is no fallback', async () => {
  for (const text of ['What is a monad?', 'When do you open?'])
    assert.equal(await fallback(questionOf(text), error('unavailable'), nothing, noJobQueue), undefined);
});

/** A job queue that says what it was given. */
function jobQueue(id: string | undefined) {
  const asked: string[] = [];
  const submit: JobQueue['submit'] = async ({ requestId }) => {
    asked.push(requestId);
    return id;
  };
  return { asked, submit };
}
const patient = (text: string) => questionOf(text, { options: { fallback: FallbackMode.QUEUE } });

test('who asked for it has the question queued: the job stands in the template, or in an answer without text', async () => {
  const jobs = jobQueue('job-1');
  const template = await fallback(patient('Tell me about Mars!'), error('unavailable'), nothing, jobs);
  assert.deepEqual([template?.provenance?.source, template?.provenance?.jobId], [Source.TEMPLATE, 'job-1']);
  assert.equal(template?.text, 'Nobody can tell about Mars now.');
  const bare = await fallback(patient('What is a monad?'), error('unavailable'), nothing, jobs);
  assert.deepEqual([bare?.provenance?.source, bare?.provenance?.jobId, bare?.text], [Source.QUEUED, 'job-1', '']);
  assert.equal(bare?.provenance?.degraded, true);
  assert.equal(jobs.asked.length, 2);
});

test('nothing is queued for who did not ask, whose fault it was, or who got an answer past its time', async () => {
  const jobs = jobQueue('job-1');
  assert.equal((await fallback(question, error('unavailable'), nothing, jobs))?.provenance?.jobId, '');
  assert.equal(await fallback(patient('Tell me about Mars!'), error('invalid'), nothing, jobs), undefined);
  const stale = { stale: async () => past };
  assert.equal((await fallback(patient('Mars?'), error('unavailable'), stale, jobs))?.provenance?.source, Source.STALE);
  assert.deepEqual(jobs.asked, []);
});

test('where the queue is away, the caller gets what it would have got without it', async () => {
  const away = jobQueue(undefined);
  const template = await fallback(patient('Tell me about Mars!'), error('unavailable'), nothing, away);
  assert.deepEqual([template?.provenance?.source, template?.provenance?.jobId], [Source.TEMPLATE, '']);
  assert.equal(await fallback(patient('What is a monad?'), error('unavailable'), nothing, away), undefined);
  assert.equal(away.asked.length, 2);
});
