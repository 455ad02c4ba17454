import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import { ReviewSchema, reviewSubject, Source } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { answerOf, questionOf, settingsOf } from '../../test/question.ts';
import { recordedMetrics } from '../../test/recorded-metrics.ts';
import { ReviewQueue } from './review-queue.ts';

const half = settingsOf('cache: { semantic: { reviewShare: 0.5 } }\n');
const question = questionOf('What is a monad?', { settings: half });
const near = answerOf('Near.', { provenance: { source: Source.SEMANTIC, entryId: 'e1', confidence: 0.7 } });

function queueWith(random: number, publish: () => Promise<void> = async () => undefined) {
  const published: { subject: string; data: Uint8Array; id: string }[] = [];
  const publishDurable = (subject: string, data: Uint8Array, { id }: { id: string }) => {
    published.push({ subject, data, id });
    return publish();
  };
  const metrics = recordedMetrics();
  return {
    queue: new ReviewQueue({ bus: { publishDurable }, metrics, random: () => random }),
    published,
    lines: metrics.lines,
  };
}

test('a sampled semantic hit is queued with all that a review needs, once for a request', async () => {
  const { queue, published, lines } = queueWith(0.49);
  queue.sample(question, near);
  await queue.drain();
  const [message] = published;
  assert.deepEqual(
    [message?.subject, message?.id, lines],
    [reviewSubject, question.requestId, ['learned review queued']],
  );
  const { tenant, tier, chat, entryId, confidence } = fromBinary(ReviewSchema, message?.data ?? new Uint8Array());
  assert.deepEqual([tenant, tier, entryId, confidence], ['acme', 'pro', 'e1', 0.7]);
  assert.deepEqual(chat, question.chat);
});

test('the rest of the hits, other hits, and all where no review is wanted, are left alone', async () => {
  const { queue, published } = queueWith(0.5);
  queue.sample(question, near);
  const always = queueWith(0);
  always.queue.sample(question, answerOf('Held.', { provenance: { source: Source.EXACT } }));
  always.queue.sample(questionOf('What is a monad?', { settings: settingsOf() }), near);
  assert.deepEqual([published, always.published], [[], []]);
});

test('a queue that is away is counted, and no more wait for it than a hundred', async () => {
  const { queue, published, lines } = queueWith(0, () =>
    Promise.reject(new RefrainError('unavailable', 'No.', { reason: 'BUS_DOWN' })),
  );
  for (let i = 0; i < 101; i += 1) queue.sample(question, near);
  assert.deepEqual([published.length, lines], [100, ['learned review too_many']]);
  await queue.drain();
  assert.equal(lines.filter((line) => line === 'learned review bus_down').length, 100);
});
