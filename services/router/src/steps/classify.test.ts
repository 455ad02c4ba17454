import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Complexity, Role, Task } from '@refrain/contracts';
import type { RefrainError } from '@refrain/errors';
import { askOf, caller, questionOf, settingsOf } from '../../test/question.ts';
import { classify } from './classify.ts';

test('a question gets an id of ours, its class, its lane and what the cache may do', () => {
  const { able, chat, classification, lane, requestId } = questionOf('What is a monad?');
  assert.match(requestId, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual([classification.task, classification.complexity], [Task.TEXT, Complexity.SIMPLE]);
  assert.deepEqual([able.exact, able.semantic, lane], [true, true, 'high']);
  assert.deepEqual([chat.model, chat.maxTokens], ['auto', 1000]);
});

test('a limit of tokens that was asked for stays', () => {
  assert.equal(questionOf('Hi.', { chat: { maxTokens: 7 } }).chat.maxTokens, 7);
});

test('hot sampling may not be cached', () => {
  const { able } = questionOf('What is a monad?', { chat: { temperature: 0.9 } });
  assert.deepEqual([able.exact, able.exactReason, able.semantic], [false, 'temperature', false]);
});

test('the deadline is the shorter of what the caller gives and what the mesh allows', () => {
  const remaining = (remainingMs?: number) =>
    questionOf('Hi.', remainingMs === undefined ? {} : { remainingMs }).deadline.remainingMs();
  assert.ok(remaining(500) <= 500);
  assert.ok(remaining(3_600_000) <= 60_000);
  assert.ok(remaining() > 59_000 && remaining() <= 60_000);
});

test('the rank a cached answer must have follows tier and complexity', () => {
  const settings = settingsOf(
    'cache: { minimumRank: [{ when: { tier: [pro, enterprise], complexity: complex }, rank: 3 }, { when: { tier: pro }, rank: 2 }] }\n',
  );
  const rank = (text: string, tier: 'free' | 'pro') => questionOf(text, { caller: { tier }, settings }).minimumRank;
  const complex =
    'First design the flow of the sign-up, then write down what each page says, and finally say how it is brought to the people.';
  assert.deepEqual([rank(complex, 'pro'), rank('What is a monad?', 'pro'), rank(complex, 'free')], [3, 2, 1]);
});

test('a request that makes no sense is refused with every fault', () => {
  assert.throws(
    () => classify(askOf('', { chat: { temperature: 5, stop: [''] } }), caller, settingsOf()),
    ({ code, fields }: RefrainError) => {
      assert.equal(code, 'invalid');
      assert.deepEqual(
        fields.map(({ field }) => field),
        ['messages[0].content', 'temperature', 'stop'],
      );
      return true;
    },
  );
  assert.throws(() => classify({ ...askOf('Hi.'), chat: undefined }, caller, settingsOf()), {
    code: 'invalid',
    message: 'chat is missing.',
  });
});

test("a profile's prompt is part of the question before its key is made, and its class is that of what was asked", () => {
  const of = (system: string) =>
    questionOf('Why?', {
      chat: { model: 'debug' },
      settings: settingsOf(`profiles: { debug: { system: "${system}", try: [one/large] } }\n`),
    });
  const question = of('You find faults.');
  assert.deepEqual(
    question.chat.messages.map(({ role }) => role),
    [Role.SYSTEM, Role.USER],
  );
  assert.equal(question.exactKey, of('You find faults.').exactKey);
  assert.notEqual(question.exactKey, of('You are kind.').exactKey);
  assert.equal(question.classification.complexity, questionOf('Why?').classification.complexity);
});
