import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CacheMode } from '@refrain/contracts';
import { all, answerOf, type QuestionInit, questionOf } from '../../test/question.ts';
import { accepted, delta, final, frameOf, scriptedBus } from '../../test/scripted-bus.ts';
import type { Question } from '../ask.ts';
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

test('what is stored for a leader that died was asked when the leader asked', async () => {
  const time = (Date.now() - 30_000).toString(16).padStart(12, '0');
  const id = `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
  const attempt = { attemptId: 'a1', controlSubject: 'control.worker-1', provider: 'one', model: 'large' };
  const notice = { id, attempt: { ...attempt, reason: 'pinned', degraded: false } };
  async function* stream() {
    for (const [seq, body] of [accepted(), delta('A monoid.'), final()].entries())
      yield frameOf({ attemptId: 'a1', seq, body });
  }
  const stored: Question[] = [];
  const parts = {
    records: { claim: async () => ({ notice }), read: async () => undefined },
    bus: { stream, publish: () => undefined },
    lookup: { exact: async () => undefined },
    remember: (question: Question) => stored.push(question),
  };
  const alone = () => assert.fail('asked alone');
  await all(acrossRouters(questionOf('What is a monad?'), new AbortController().signal, parts, alone));
  const agoMs = performance.now() - (stored[0]?.beganAtMs ?? Number.NaN);
  assert.ok(agoMs >= 30_000 && agoMs < 60_000, `${agoMs} ms`);
});
