import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutPassword } from './without-password.ts';

for (const [url, shown] of [
  ['redis://127.0.0.1:6379/1', 'redis://127.0.0.1:6379/1'],
  ['redis://:secret@db:6379', 'redis://db:6379'],
  ['nats://mesh:p@ss@one:4222,nats://token@two:4222', 'nats://one:4222,nats://two:4222'],
  ['mesh:secret@one:4222,two', 'one:4222,two'],
] as const)
  test(`an address is shown without who we are there: ${shown}`, () => assert.equal(withoutPassword(url), shown));
