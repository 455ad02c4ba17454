import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { createLogger } from './logger.ts';
import { Secret } from './secret.ts';

test('a secret prints nowhere and is revealed when asked', () => {
  const secret = new Secret('sk-hush');
  const lines: string[] = [];
  createLogger({ service: 'test', write: (line) => lines.push(line) }).info({ secret, deep: { secret } }, 'hello');
  const printed = [`${secret}`, String(secret), JSON.stringify({ secret }), inspect({ secret }), ...lines].join('\n');
  assert.doesNotMatch(printed, /hush/);
  assert.match(printed, /\[secret\]/);
  assert.equal(secret.reveal(), 'sk-hush');
});
