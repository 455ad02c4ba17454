import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import type { QueueHandler, StreamDefinition } from '@refrain/bus';
import { ReviewSchema } from '@refrain/contracts';
import { type ErrorCode, RefrainError } from '@refrain/errors';
import { eventually } from '@refrain/testkit';
import { answerOf, chatOf, settingsOf } from '../../test/question.ts';
import { recordedMetrics } from '../../test/recorded-metrics.ts';
import type { Question } from '../ask.ts';
import type { FlightEvent } from '../steps/coalesce.ts';
import type { Served } from './evidence.ts';
import { startReviewer } from './reviewer.ts';

const wanted = 'cache: { semantic: { reviewShare: 0.1 } }\n';
const review = { tenant: 'acme', tier: 'pro', entryId: 'e1', confidence: 0.7, chat: chatOf('What is a monad?') };

/** A reviewer on a queue that hands over what the test says, and providers that answer or fail. */
function reviewerThat(outcome: string | ErrorCode, extra = wanted) {
  const metrics = recordedMetrics();
  const asked: Question[] = [];
  const told: [Served, string][] = [];
  const taken: { definition: StreamDefinition; handle: QueueHandler }[] = [];
  let settings = settingsOf(extra);
  async function* askAnew(question: Question): AsyncGenerator<FlightEvent> {
    asked.push(question);
    if (outcome !== 'Fresh.') throw new RefrainError(outcome as ErrorCode, 'No.');
    yield { kind: 'completed', answer: answerOf(outcome) };
  }
  const reviewer = startReviewer({
    bus: {
      takeWork: (definition, _options, handle) => {
        taken.push({ definition, handle });
        return { fault: '', drain: async () => undefined };
      },
    },
    settings: () => settings,
    evidence: { tell: (hit, { text }) => void told.push([hit, text]) },
    metrics,
    askAnew,
    lookEveryMs: 1,
  });
  const handle = (data = toBinary(ReviewSchema, create(ReviewSchema, review))) =>
    taken[0]?.handle(data, { isLast: false });
  return {
    ...{ reviewer, asked, told, taken, handle, lines: metrics.lines },
    configure: (yaml: string) => {
      settings = settingsOf(yaml);
    },
  };
}

test('a review asks afresh with the cache off, in the low lane, as the mesh itself, and tells what came', async () => {
  const { reviewer, asked, told, handle, lines } = reviewerThat('Fresh.');
  assert.equal(await handle(), 'done');
  const [question] = asked;
  assert.deepEqual(
    [question?.caller, question?.lane, question?.chat.messages],
    [{ tenant: 'local', user: 'review', tier: 'pro' }, 'low', review.chat.messages],
  );
  assert.deepEqual(told, [[{ tenant: 'acme', entryId: 'e1', confidence: 0.7, served: true }, 'Fresh.']]);
  assert.deepEqual(lines, ['learned review asked']);
  await reviewer.stop();
});

test('while the providers have no room it comes again later; what no provider answers, or nobody can read, does not', async () => {
  for (const [code, isLater] of [
    ['overloaded', true],
    ['unavailable', true],
    ['content_filter', false],
    ['invalid', false],
  ] as const) {
    const { reviewer, told, handle, lines } = reviewerThat(code);
    const outcome = await handle();
    assert.equal(typeof outcome === 'object' && outcome.retryMs >= 1000, isLater, code);
    assert.deepEqual([told, lines], [[], [`learned review ${code}`]]);
    await reviewer.stop();
  }
  const { reviewer, handle } = reviewerThat('Fresh.');
  assert.equal(await handle(Buffer.from('no review')), 'done');
  await reviewer.stop();
});

test('no queue is looked at until reviews are wanted, also by a reload', async () => {
  const { reviewer, taken, configure } = reviewerThat('Fresh.', '');
  assert.equal(taken.length, 0);
  configure(wanted);
  await eventually(() => taken.length === 1, { what: 'the queue' });
  assert.deepEqual([taken[0]?.definition.name, taken[0]?.definition.retention], ['refrain-review', 'work-queue']);
  await reviewer.stop();
});
