import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import { FrameSchema } from '@refrain/contracts';
import { Transcript } from './transcript.ts';

test('frames carry the attempt and are numbered from 0; what was sent is what is kept', () => {
  const sent: Uint8Array[] = [];
  const transcript = new Transcript('a', (_, frame) => sent.push(frame));
  transcript.join('router');
  for (const text of ['one', 'two', 'three']) transcript.say({ case: 'delta', value: { text } });
  const frames = sent.map((bytes) => fromBinary(FrameSchema, bytes));
  assert.deepEqual(
    frames.map(({ attemptId, seq }) => [attemptId, seq]),
    [
      ['a', 0],
      ['a', 1],
      ['a', 2],
    ],
  );
  assert.deepEqual(transcript.frames, sent);
});

test('an answer beyond the bound is refused without a gap in the numbers, and its end still fits', () => {
  const transcript = new Transcript('a', () => undefined, 100);
  transcript.say({ case: 'delta', value: { text: 'x'.repeat(50) } });
  assert.throws(() => transcript.say({ case: 'delta', value: { text: 'x'.repeat(50) } }), {
    code: 'upstream',
    reason: 'ANSWER_TOO_LONG',
  });
  transcript.say({ case: 'failure', value: { code: 'midstream', message: 'x'.repeat(100) } });
  assert.deepEqual(
    transcript.frames.map((bytes) => fromBinary(FrameSchema, bytes).seq),
    [0, 1],
  );
});

test('a frame without a body is numbered like any other', () => {
  const transcript = new Transcript('a', () => undefined);
  transcript.say({ case: 'delta', value: { text: 'x' } });
  transcript.say();
  const frames = transcript.frames.map((bytes) => fromBinary(FrameSchema, bytes));
  assert.deepEqual(
    frames.map(({ seq, body }) => [seq, body.case]),
    [
      [0, 'delta'],
      [1, undefined],
    ],
  );
});

test('who joins late hears all of it, once each and in order; who leaves hears no more', () => {
  const heard: Record<string, number[]> = { early: [], late: [] };
  const transcript = new Transcript('a', (to, frame) => heard[to]?.push(fromBinary(FrameSchema, frame).seq));
  transcript.join('early');
  transcript.say();
  transcript.say();
  transcript.join('late');
  transcript.leave('early');
  transcript.say();
  assert.deepEqual(heard, { early: [0, 1], late: [0, 1, 2] });
});
