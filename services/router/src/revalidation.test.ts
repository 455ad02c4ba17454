import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefrainError } from '@refrain/errors';
import { eventually } from '@refrain/testkit';
import { answerOf, questionOf } from '../test/question.ts';
import { recordedMetrics } from '../test/recorded-metrics.ts';
import type { Question } from './ask.ts';
import { Revalidation } from './revalidation.ts';
import { type FlightEvent, Flights, whole } from './steps/coalesce.ts';

/** Revalidation whose every question is answered by `answer`; what is asked stands in `asked`. */
function withLead(answer: (signal: AbortSignal) => AsyncIterable<FlightEvent>) {
  const asked: Question[] = [];
  const metrics = recordedMetrics();
  const lead = (question: Question) => (signal: AbortSignal) => {
    asked.push(question);
    return answer(signal);
  };
  return { revalidation: new Revalidation({ flights: new Flights(), lead, metrics }), asked, metrics };
}
const anew = () => whole(answerOf('Anew.'));
async function* failing(): AsyncGenerator<FlightEvent> {
  yield* [];
  throw new RefrainError('unavailable', 'No.');
}
async function* hanging(signal: AbortSignal): AsyncGenerator<FlightEvent> {
  yield* [];
  await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}

test('it is asked as nobody waits for it: on the low lane, with the whole time, under an id of its own', async () => {
  const { asked, revalidation } = withLead(anew);
  const options = { ttlSeconds: 60, tags: ['faq'], minimumConfidence: 0.99, maxAgeSeconds: 60 };
  const question = questionOf('What is a monad?', { options, remainingMs: 100 });
  revalidation.start(question);
  await revalidation.drain();
  const [fresh] = asked;
  assert.ok(fresh);
  assert.notEqual(fresh.requestId, question.requestId);
  assert.deepEqual([fresh.lane, fresh.exactKey, fresh.caller], ['low', question.exactKey, question.caller]);
  assert.ok(fresh.deadline.remainingMs() > 50_000);
  const { maxAgeSeconds, minimumConfidence, tags, ttlSeconds } = fresh.ask.options ?? {};
  assert.deepEqual([ttlSeconds, tags, minimumConfidence, maxAgeSeconds], [60, ['faq'], undefined, undefined]);
});

for (const [name, lead, outcome] of [
  ['answered', anew, 'asked'],
  ['failed', failing, 'unavailable'],
] as const) {
  test(`a question that ${name} rests for some seconds, however many hits it has; another is asked`, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { asked, metrics, revalidation } = withLead(lead);
    const start = async () => {
      for (let i = 0; i < 10; i += 1) revalidation.start(questionOf('What is a monad?'));
      await new Promise((resolve) => setImmediate(resolve));
    };
    await start();
    await start();
    assert.deepEqual([asked.length, metrics.lines], [1, [`revalidated ${outcome}`]]);
    revalidation.start(questionOf('What is a monoid?'));
    revalidation.start(questionOf('What is a monad?', { caller: { tenant: 'globex' } }));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(asked.length, 3);
    t.mock.timers.tick(5000);
    await start();
    assert.equal(asked.length, 4);
  });
}

test('when much ends at once not all of it is asked at once', async () => {
  const { asked, metrics, revalidation } = withLead(hanging);
  for (let i = 0; i < 40; i += 1) revalidation.start(questionOf(`What is ${i}?`));
  assert.deepEqual([asked.length, metrics.lines.length], [32, 8]);
  assert.deepEqual(new Set(metrics.lines), new Set(['revalidated busy']));
  await revalidation.drain();
});

test('what hangs when the process stops is called off after a moment, and counted', async () => {
  const { asked, metrics, revalidation } = withLead(hanging);
  revalidation.start(questionOf('What is a monad?'));
  await eventually(() => asked.length === 1, { what: 'the question' });
  await revalidation.drain();
  assert.deepEqual(metrics.lines, ['revalidated canceled']);
});
