import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from './config-error.ts';
import { isLoopback, requireKeysBeyondLoopback } from './loopback.ts';

test('only addresses of this machine count as loopback', () => {
  for (const host of ['127.0.0.1', '127.3.2.1', 'localhost', '::1']) assert.ok(isLoopback(host), host);
  for (const host of ['0.0.0.0', '::', '', '10.0.0.1', '127.0.0.1.example.org', 'localhost.example.org', '128.0.0.1']) {
    assert.ok(!isLoopback(host), host);
  }
});

test('a mesh without keys refuses to listen beyond loopback, with a sentence that says what to do', () => {
  assert.throws(
    () => requireKeysBeyondLoopback('0.0.0.0', []),
    (error) => error instanceof ConfigError && /ROUTER_HOST: refuses .*refrain\.yaml/.test(error.message),
  );
  requireKeysBeyondLoopback('127.0.0.1', []);
  requireKeysBeyondLoopback('0.0.0.0', [{}]);
});
