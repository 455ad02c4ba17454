import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CacheMode } from '@refrain/contracts';
import { all, answerOf, type QuestionInit, questionOf } from '../../test/question.ts';
import { scriptedBus } from '../../test/scripted-bus.ts';
import { whole } from './coalesce.ts';
import { acrossRouters } from './share.ts';

/** How the record of a flight is left that this router leads to its end. */
async function leftAs(init: QuestionInit): Promise<string> {
  const ends: string[] = [];
  const lease = { announce: () => undefined, done: () => ends.push('done'), release: () => ends.push('released') };
  const parts = {
    records: { claim: async () => ({ lease }), read: async () => undefined },
    bus: scriptedBus(),
    lookup: { exact: async () => undefined },
    remember: () => undefined,
  };
  const signal = new AbortController().signal;
  await all(acrossRouters(questionOf('What is a monad?', init), signal, parts, () => whole(answerOf('A monoid.'))));
  return ends.join();
}

for (const [end, name, options] of [
  ['done', 'nothing was asked', {}],
  ['done', 'some age will do', { maxAgeSeconds: 5 }],
  ['released', 'it must be younger than answers are shared', { maxAgeSeconds: 4 }],
  ['done', 'it may be kept as long as answers are shared', { ttlSeconds: 5 }],
  ['released', 'it may not be kept as long', { ttlSeconds: 4 }],
  ['released', 'it may not be kept at all', { cache: CacheMode.READ_ONLY }],
] as const) {
  test(`an answer is ${end === 'done' ? '' : 'not '}shared after its end where ${name}`, async () => {
    assert.equal(await leftAs({ options }), end);
  });
}
