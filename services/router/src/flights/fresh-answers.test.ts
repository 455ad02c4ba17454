import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CacheMode, Source } from '@refrain/contracts';
import { answerOf, questionOf } from '../../test/question.ts';
import type { Question } from '../ask.ts';
import { collect } from '../reply.ts';
import { Flights, whole } from '../steps/coalesce.ts';
import { FreshAnswers } from './fresh-answers.ts';

const text = 'What is a monad?';
const asks = () => {
  throw new TypeError('somebody is asked');
};

test('an answer is there for a second, and then no more', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const fresh = new FreshAnswers();
  const answer = answerOf('A monoid.');
  fresh.put('k', answer);
  t.mock.timers.tick(500);
  fresh.put('k', answer);
  t.mock.timers.tick(999);
  assert.equal(fresh.get('k'), answer);
  t.mock.timers.tick(1);
  assert.equal(fresh.get('k'), undefined);
});

test('of more than two thousand the oldest goes', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const fresh = new FreshAnswers();
  for (let i = 0; i <= 2000; i += 1) fresh.put(`k${i}`, answerOf('A monoid.'));
  assert.deepEqual(
    [fresh.get('k0'), fresh.get('k1')?.text, fresh.get('k2000')?.text],
    [undefined, 'A monoid.', 'A monoid.'],
  );
});

test('who asks the same right after a flight has ended hears its answer, for nothing, under its own id', async () => {
  const flights = new Flights();
  flights.keep(questionOf(text), answerOf('A monoid.'));
  const question = questionOf(text);
  const answer = await collect(await flights.join(question, asks));
  assert.deepEqual([answer.text, answer.requestId], ['A monoid.', question.requestId]);
  assert.deepEqual([answer.provenance?.source, answer.provenance?.attempts], [Source.COALESCED, 0]);
  assert.deepEqual([answer.cost?.nanoUsd, answer.cost?.savedNanoUsd], [0n, 20_000n]);
});

test('who asks another question, asks afresh or comes after an answer was found wrong does not', async () => {
  const flights = new Flights();
  flights.keep(questionOf(text), answerOf('A monoid.'));
  const assertAsked = (question: Question) =>
    assert.rejects(flights.join(question, asks), { message: 'somebody is asked' });
  await assertAsked(questionOf('What is a functor?'));
  await assertAsked(questionOf(text, { options: { cache: CacheMode.REFRESH } }));
  await assertAsked(questionOf(text, { options: { cache: CacheMode.OFF } }));
  flights.forget();
  await assertAsked(questionOf(text));
});

test('an answer that was taken out since is not told again: it is asked anew', async () => {
  const flights = new Flights(async (exactKey) => exactKey === questionOf(text).exactKey);
  flights.keep(questionOf(text), answerOf('A monoid.'));
  const reply = await flights.join(questionOf(text), () => whole(answerOf('A monad.')));
  assert.equal((await collect(reply)).text, 'A monad.');
});
