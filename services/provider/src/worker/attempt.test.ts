import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, fromBinary } from '@bufbuild/protobuf';
import { ChatSchema, FinishReason, FrameSchema, Role } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { Secret } from '@refrain/service';
import type { AdapterEvent } from '../adapters/adapter.ts';
import { rateLimited, upstreamFailed } from '../upstream/failures.ts';
import { runAttempt } from './attempt.ts';
import { Transcript } from './transcript.ts';

const chat = create(ChatSchema, {
  messages: [{ role: Role.USER, parts: [{ content: { case: 'text', value: 'What is the capital of France?' } }] }],
});
const word = (text: string): AdapterEvent => ({ kind: 'delta', delta: { text } });
const usage: AdapterEvent = { kind: 'usage', usage: { promptTokens: 9, completionTokens: 2 } };
const final = (finishReason: FinishReason = FinishReason.STOP): AdapterEvent => ({
  kind: 'final',
  finishReason,
  model: 'm',
});
const silent = new RefrainError('unavailable', 'fell silent', { reason: 'UPSTREAM_SILENT' });

/** Runs an attempt over these events (an error is thrown) and reads its frames. */
async function run(events: readonly (AdapterEvent | Error)[], options: { otherKeys?: boolean; secret?: Secret } = {}) {
  async function* stream() {
    for (const event of events) {
      if (event instanceof Error) throw event;
      yield event;
    }
  }
  const transcript = new Transcript('a', () => undefined);
  const heard: boolean[] = [];
  const failures: RefrainError[] = [];
  const end = await runAttempt({
    chat,
    events: stream(),
    transcript,
    watchdog: { heard: (working) => heard.push(working) },
    keyId: 'k',
    secret: options.secret,
    onEnd: (_, error) => {
      if (error) failures.push(error);
    },
    otherKeys: async () => options.otherKeys ?? false,
  });
  const frames = transcript.frames.map((bytes) => fromBinary(FrameSchema, bytes).body);
  const last = frames.at(-1);
  return { end, frames, cases: frames.map((each) => each.case), last, heard, failures };
}

test('an answer is told word by word, then its end with what it used', async () => {
  const { cases, end, last } = await run([word('Par'), word('is'), usage, final()]);
  assert.deepEqual(cases, ['delta', 'delta', 'final']);
  assert.ok(last?.case === 'final' && last.value.usage?.completionTokens === 2 && last.value.model === 'm');
  assert.deepEqual([end.outcome, end.usage.promptTokens, end.usage.estimated], ['completed', 9, false]);
});

test('words and signs of life reach the watchdog', async () => {
  const { heard } = await run([
    { kind: 'alive', thinking: false },
    { kind: 'alive', thinking: true },
    word('x'),
    final(),
  ]);
  assert.deepEqual(heard, [false, true, true]);
});

test('a stream without a word is no answer, unless the limit of tokens ended it', async () => {
  const empty = await run([usage, final()]);
  assert.ok(empty.last?.case === 'failure' && empty.last.value.reason === 'EMPTY_ANSWER');
  const filtered = await run([usage, final(FinishReason.CONTENT_FILTER)]);
  assert.ok(filtered.last?.case === 'failure' && filtered.last.value.code === 'content_filter');
  const thoughtOnly = await run([usage, final(FinishReason.LENGTH)]);
  assert.equal(thoughtOnly.last?.case, 'final');
});

test('before the first word a failure is clean and names what else could be tried', async () => {
  const { cases, last, failures } = await run([rateLimited(5000)], { otherKeys: true });
  assert.deepEqual(cases, ['failure']);
  assert.ok(last?.case === 'failure');
  const { code, keyId, otherKeys, reason, retryAfterMs } = last.value;
  assert.deepEqual([code, reason, retryAfterMs], ['upstream_exhausted', 'RATE_LIMITED', 5000]);
  assert.deepEqual([keyId, otherKeys, failures.length], ['k', true, 1]);
});

test('after the first word it is midstream, with the usage so far, and no key helps', async () => {
  const { cases, last, end, failures } = await run([word('Par'), silent], { otherKeys: true });
  assert.deepEqual(cases, ['delta', 'usage', 'failure']);
  assert.ok(last?.case === 'failure');
  assert.deepEqual([last.value.code, last.value.reason, last.value.otherKeys], ['midstream', 'UPSTREAM_SILENT', false]);
  assert.equal(failures[0]?.code, 'unavailable', 'the key pool hears the true code');
  assert.ok(end.usage.estimated && end.usage.promptTokens > 0 && end.usage.completionTokens > 0);
});

test('a caller that left and a deadline keep their names in the middle too', async () => {
  for (const code of ['canceled', 'deadline'] as const) {
    const { last, end } = await run([word('Par'), new RefrainError(code, 'x')]);
    assert.ok(last?.case === 'failure' && last.value.code === code);
    assert.equal(end.outcome, code === 'canceled' ? 'canceled' : 'failed');
  }
  const gone = await run([word('Par'), new RefrainError('canceled', 'x', { reason: 'ABANDONED' })]);
  assert.equal(gone.end.outcome, 'abandoned');
});

test('what the upstream refused before it worked costs nothing; what it may have worked on is estimated', async () => {
  for (const error of [
    rateLimited(),
    upstreamFailed(),
    new RefrainError('unavailable', 'x', { reason: 'CONNECTION_FAILED' }),
  ]) {
    const { cases, end } = await run([error]);
    assert.deepEqual([cases, end.usage.promptTokens], [['failure'], 0], error.reason);
  }
  const { cases, end } = await run([silent]);
  assert.deepEqual(cases, ['usage', 'failure']);
  assert.ok(end.usage.estimated && end.usage.promptTokens > 0);
});

test('an adapter that breaks or ends without an end is our fault, without its words', async () => {
  for (const events of [[new TypeError('x is undefined')], [word('Par')]]) {
    const { last, end } = await run(events);
    assert.ok(last?.case === 'failure' && !last.value.message.includes('undefined'));
    assert.equal(end.error?.code, 'internal');
  }
});

test('a key that the upstream repeats is in no frame and in no error', async () => {
  const marker = 'MARKER+key';
  const error = new RefrainError('invalid', `bad ${marker}`, { cause: new Error(marker) });
  const { last, end, failures } = await run([error], { secret: new Secret(marker) });
  assert.ok(last?.case === 'failure' && last.value.message === 'bad [hidden]');
  for (const each of [end.error, ...failures])
    assert.ok(!`${each?.message}${each?.stack}${each?.cause}`.includes(marker));
});
