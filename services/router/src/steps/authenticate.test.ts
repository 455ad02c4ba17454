import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { settingsOf } from '../../test/question.ts';
import { authenticate } from './authenticate.ts';

const key = (secret: string, who: string) => `  - { hash: "sha256:${hash('sha256', secret, 'hex')}", ${who} }\n`;
const keyless = settingsOf();
const keyed = settingsOf(
  `keys:\n${key('key-of-ann', 'tenant: acme, user: ann, tier: pro')}${key('key-of-bob', 'tenant: globex, user: bob, tier: free')}`,
);
const unauthenticated = (reason: string) => ({ code: 'unauthenticated', reason });
const denied = { code: 'denied', reason: 'UNKNOWN_CLIENT' };

test('a key names tenant, user and tier', () => {
  assert.deepEqual(authenticate({ apiKey: 'key-of-ann' }, keyed), { tenant: 'acme', user: 'ann', tier: 'pro' });
  assert.deepEqual(authenticate({ apiKey: 'key-of-bob' }, keyed), { tenant: 'globex', user: 'bob', tier: 'free' });
});

test('no key, an unknown key and an empty one are unauthenticated where keys are needed', () => {
  assert.throws(() => authenticate({}, keyed), unauthenticated('API_KEY_MISSING'));
  assert.throws(() => authenticate({ apiKey: 'key-of-eve' }, keyed), unauthenticated('INVALID_API_KEY'));
  assert.throws(() => authenticate({ apiKey: '' }, keyed), unauthenticated('INVALID_API_KEY'));
});

test('the stored hash is no key', () => {
  const stored = hash('sha256', 'key-of-ann', 'hex');
  assert.throws(() => authenticate({ apiKey: stored }, keyed), unauthenticated('INVALID_API_KEY'));
});

test('an error never repeats the key', () => {
  assert.throws(
    () => authenticate({ apiKey: 'sk-very-secret' }, keyed),
    (error: Error) => !error.message.includes('very-secret'),
  );
});

test('without keys everybody is the local tenant, whatever key a client sends', () => {
  assert.deepEqual(authenticate({}, keyless), { tenant: 'local', user: 'local', tier: 'pro' });
  assert.equal(authenticate({ apiKey: 'anything' }, keyless).tenant, 'local');
});

test('a NATS client is the tenant its subject names', () => {
  assert.equal(authenticate({ client: 'local' }, keyless).tenant, 'local');
  assert.throws(() => authenticate({ client: 'acme' }, keyless), denied);
  assert.deepEqual(authenticate({ client: 'globex' }, keyed), { tenant: 'globex', user: 'nats', tier: 'free' });
  assert.throws(() => authenticate({ client: 'nobody' }, keyed), denied);
});

test('a key that a NATS client adds must be of the tenant its subject names', () => {
  assert.equal(authenticate({ client: 'acme', apiKey: 'key-of-ann' }, keyed).user, 'ann');
  assert.throws(() => authenticate({ client: 'globex', apiKey: 'key-of-ann' }, keyed), denied);
  assert.throws(
    () => authenticate({ client: 'acme', apiKey: 'key-of-eve' }, keyed),
    unauthenticated('INVALID_API_KEY'),
  );
});
