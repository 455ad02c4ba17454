import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefrainError } from '@refrain/errors';
import { manualClock } from '@refrain/testkit';
import { newHealth } from '../../test/health.ts';
import { questionOf, settingsOf } from '../../test/question.ts';
import { AttemptFailure } from './attempt.ts';
import { howToServe, nameUnserved } from './unserved.ts';

const notAsked = { accepted: false, spoke: false, keyId: '', otherKeys: false };
const failureOf = (reason: string) =>
  new AttemptFailure(new RefrainError('unavailable', 'Nobody serves this.', { reason }), notAsked);

test('who asked for a model that no worker serves hears which, and what is to be done', () => {
  const question = questionOf('Hi.');
  const { error } = nameUnserved(
    failureOf('NO_RESPONDERS'),
    { provider: 'one', model: 'large' },
    {
      ...{ health: newHealth().health, question },
    },
  );
  assert.deepEqual([error.code, error.reason], ['unavailable', 'NO_RESPONDERS']);
  assert.match(
    error.message,
    /Nobody serves one\/large at the moment: no worker has the provider one\. Set ONE_API_KEY/,
  );
});

test('another failure stays what it is', () => {
  const failure = failureOf('WORKER_GONE');
  const parts = { health: newHealth().health, question: questionOf('Hi.') };
  assert.equal(nameUnserved(failure, { provider: 'one', model: 'large' }, parts), failure);
});

test('the log is told of a provider once an hour, however many requests meet nobody', () => {
  const clock = manualClock();
  const told: string[] = [];
  const { health } = newHealth({ clock, onUnserved: (provider) => told.push(provider) });
  for (const provider of ['one', 'one', 'two', 'one']) health.unserved(provider);
  assert.deepEqual(told, ['one', 'two']);
  clock.advance(3_600_000);
  health.unserved('one');
  assert.deepEqual(told, ['one', 'two', 'one']);
});

test('what is to be done depends on the provider: its variables, those of its pools, or a worker alone', () => {
  const { mesh } = settingsOf();
  const { local, one } = mesh.providers;
  assert.ok(one && local);
  const { keys: _, ...bare } = one;
  const eu = { keys: 'EU', weight: 1, limits: {} };
  const providers = { pooled: { ...one, pools: { eu } }, near: local, bare };
  assert.match(howToServe('pooled', { providers }), /Set ONE_API_KEY or EU_API_KEY/);
  assert.match(howToServe('near', { providers }), /REFRAIN_PROVIDERS/);
  assert.match(howToServe('bare', { providers }), /names no keys/);
});
