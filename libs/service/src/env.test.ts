import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { ConfigError } from './config-error.ts';
import { readEnv } from './env.ts';

const schema = z
  .object({ CACHE_PORT: z.coerce.number().int().max(65_535).default(7470), NATS_URL: z.url(), NAME: z.string() })
  .transform((env) => ({ port: env.CACHE_PORT, natsUrl: env.NATS_URL }));

test('an empty variable counts as absent and the result is frozen', () => {
  const config = readEnv(schema, { CACHE_PORT: '', NATS_URL: 'nats://127.0.0.1:4222', NAME: 'x', OTHER: 'ignored' });
  assert.deepEqual(config, { port: 7470, natsUrl: 'nats://127.0.0.1:4222' });
  assert.ok(Object.isFrozen(config));
});

test('every fault is listed by the name of its variable, never with its value', () => {
  assert.throws(
    () => readEnv(schema, { CACHE_PORT: '99999', NATS_URL: 'hush', NAME: '' }),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(
        error.faults.map(({ path }) => path),
        ['CACHE_PORT', 'NATS_URL', 'NAME'],
      );
      assert.match(error.message, /^environment NAME: is missing$/m);
      assert.doesNotMatch(error.message, /hush|99999/);
      return true;
    },
  );
});
