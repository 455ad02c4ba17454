import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toServers } from './open-connection.ts';

test('a URL names servers, and who asks them', () => {
  assert.deepEqual(toServers('nats://127.0.0.1:7451'), { servers: ['nats://127.0.0.1:7451'] });
  assert.deepEqual(toServers('nats://mesh:p%40ss@a:4222, nats://b:4222'), {
    servers: ['nats://a:4222', 'nats://b:4222'],
    user: 'mesh',
    pass: 'p@ss',
  });
  assert.deepEqual(toServers('tls://s3cret@a:4222'), { servers: ['tls://a:4222'], token: 's3cret' });
  assert.deepEqual(toServers('a:4222,[::1]:4222'), { servers: ['nats://a:4222', 'nats://[::1]:4222'] });
});

test('what is no URL is said without repeating it', () => {
  for (const url of ['', 'nats://', 'nats://mesh:hush@a:port'])
    assert.throws(
      () => toServers(url),
      (error: Error) => /URL of NATS/.test(error.message) && !/hush/.test(String(error.stack)),
    );
});
