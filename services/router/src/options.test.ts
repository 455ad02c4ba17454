import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { CacheMode, type FallbackMode, OptionsSchema } from '@refrain/contracts';
import type { RefrainError } from '@refrain/errors';
import { settingsOf } from '../test/question.ts';
import { cacheMode, checkOptions, mayRead, mayWrite } from './options.ts';

type Init = Exclude<MessageInitShape<typeof OptionsSchema>, { $typeName: string }>;
const check = (init: Init, extra = '') => checkOptions(create(OptionsSchema, init), settingsOf(extra).mesh.cache);
const faultsOf = (init: Init, extra?: string): string[] => {
  try {
    check(init, extra);
  } catch (thrown) {
    const { code, fields } = thrown as RefrainError;
    assert.equal(code, 'invalid');
    return fields.map(({ field }) => field);
  }
  return [];
};

test('what means something passes', () => {
  checkOptions(undefined, settingsOf().mesh.cache);
  check({ ttlSeconds: 1, maxAgeSeconds: 0, minimumConfidence: 0, tags: ['a', 'my tag', 'x'.repeat(64), '~'] });
  check({ ttlSeconds: 86_400, minimumConfidence: 1, tags: Array.from({ length: 16 }, (_, i) => `t${i}`) });
});

test('every fault is told by its name', () => {
  const tags = ['', ' a', 'a ', 'a\nb', 'größe', 'x'.repeat(65), 'good'];
  assert.deepEqual(
    faultsOf({ cache: 9 as CacheMode, fallback: 9 as FallbackMode, minimumConfidence: 1.1, ttlSeconds: 0, tags }),
    [
      'options.cache',
      'options.fallback',
      'options.minimum_confidence',
      'options.ttl_seconds',
      ...[0, 1, 2, 3, 4, 5].map((i) => `options.tags[${i}]`),
    ],
  );
  assert.deepEqual(faultsOf({ tags: Array.from({ length: 17 }, (_, i) => `t${i}`) }), ['options.tags']);
});

test('a confidence that is no number does not open the cache to everything', () => {
  assert.deepEqual(faultsOf({ minimumConfidence: Number.NaN }), ['options.minimum_confidence']);
  assert.deepEqual(faultsOf({ minimumConfidence: -1 }), ['options.minimum_confidence']);
});

test('nobody has an answer kept longer than answers are kept', () => {
  assert.deepEqual(faultsOf({ ttlSeconds: 86_401 }), ['options.ttl_seconds']);
  const brief = 'cache: { staleSeconds: 0, exact: { ttlSeconds: 60 } }\n';
  assert.deepEqual(faultsOf({ ttlSeconds: 60 }, brief), []);
  assert.deepEqual(faultsOf({ ttlSeconds: 61 }, brief), ['options.ttl_seconds']);
});

test('an answer that may not be a second old is not read from the cache', () => {
  const modeOf = (cache: CacheMode) => cacheMode(create(OptionsSchema, { cache, maxAgeSeconds: 0 }));
  assert.equal(modeOf(CacheMode.UNSPECIFIED), CacheMode.REFRESH);
  assert.equal(modeOf(CacheMode.READ_ONLY), CacheMode.OFF);
  assert.equal(modeOf(CacheMode.OFF), CacheMode.OFF);
  assert.equal(cacheMode(create(OptionsSchema, { maxAgeSeconds: 1 })), CacheMode.UNSPECIFIED);
  assert.equal(cacheMode(undefined), CacheMode.UNSPECIFIED);
});

test('what each mode reads and keeps', () => {
  const table = [
    CacheMode.UNSPECIFIED,
    CacheMode.OFF,
    CacheMode.REFRESH,
    CacheMode.READ_ONLY,
    CacheMode.ONLY_IF_CACHED,
  ].map((mode) => [mayRead(mode), mayWrite(mode)]);
  assert.deepEqual(table, [
    [true, true],
    [false, false],
    [false, true],
    [true, false],
    [true, false],
  ]);
});
