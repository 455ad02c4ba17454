import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CacheMode, FallbackMode } from '@refrain/contracts';
import { readApiKey, readOptions, readRequestId } from './controls.ts';

test('cache-control says what is read and what is kept', () => {
  const mode = (value: string) => readOptions({ 'cache-control': value }).cache;
  assert.equal(mode('no-cache'), CacheMode.REFRESH);
  assert.equal(mode('no-store'), CacheMode.READ_ONLY);
  assert.equal(mode('no-cache, no-store'), CacheMode.OFF);
  assert.equal(mode('only-if-cached'), CacheMode.ONLY_IF_CACHED);
  assert.equal(mode('only-if-cached, no-store'), CacheMode.ONLY_IF_CACHED);
  const { cache, maxAgeSeconds } = readOptions({ 'cache-control': 'max-age=5' });
  assert.deepEqual([cache, maxAgeSeconds], [CacheMode.UNSPECIFIED, 5]);
});

test('lifetime and tags are read', () => {
  const { tags, ttlSeconds } = readOptions({
    'x-refrain-cache-ttl': '600',
    'x-refrain-cache-tags': 'faq, my page,,de ',
  });
  assert.deepEqual([ttlSeconds, tags], [600, ['faq', 'my page', 'de']]);
  const nothing = readOptions({});
  assert.deepEqual([nothing.ttlSeconds, nothing.maxAgeSeconds, nothing.tags], [undefined, undefined, []]);
});

test('our own headers win over cache-control, whose age holds all the same', () => {
  const { cache, maxAgeSeconds } = readOptions({ 'cache-control': 'no-cache, max-age=60', 'x-refrain-cache': 'off' });
  assert.deepEqual([cache, maxAgeSeconds], [CacheMode.OFF, 60]);
  assert.equal(readOptions({ 'x-refrain-fallback': 'none' }).fallback, FallbackMode.NONE);
  assert.equal(readOptions({ 'x-refrain-fallback': 'full' }).fallback, FallbackMode.FULL);
});

test("OpenRouter's names are taken as ours, which win over them", () => {
  const mode = (headers: Record<string, string>) => readOptions(headers).cache;
  assert.equal(mode({ 'x-openrouter-cache': 'true' }), CacheMode.UNSPECIFIED);
  assert.equal(mode({ 'x-openrouter-cache': 'false' }), CacheMode.OFF);
  assert.equal(mode({ 'x-openrouter-cache': 'true', 'x-openrouter-cache-clear': 'true' }), CacheMode.REFRESH);
  assert.equal(mode({ 'x-openrouter-cache': 'false', 'x-openrouter-cache-clear': 'true' }), CacheMode.OFF);
  assert.equal(mode({ 'x-openrouter-cache': 'false', 'x-refrain-cache': 'on' }), CacheMode.UNSPECIFIED);
  assert.equal(mode({ 'x-openrouter-cache': 'false', 'cache-control': 'no-store' }), CacheMode.OFF);
  assert.equal(readOptions({ 'x-openrouter-cache-ttl': '300' }).ttlSeconds, 300);
  assert.equal(readOptions({ 'x-openrouter-cache-ttl': '300', 'x-refrain-cache-ttl': '60' }).ttlSeconds, 60);
});

for (const [name, value] of [
  ['x-refrain-cache', 'maybe'],
  ['x-refrain-cache', 'constructor'],
  ['x-refrain-cache-ttl', '1h'],
  ['x-refrain-cache-ttl', '-1'],
  ['x-refrain-cache-ttl', ''],
  ['x-refrain-cache-ttl', '9999999999'],
  ['x-refrain-minimum-confidence', '7'],
  ['x-refrain-fallback', 'some'],
  ['x-openrouter-cache', 'on'],
  ['x-openrouter-cache-clear', '1'],
  ['x-openrouter-cache-ttl', 'long'],
  ['cache-control', 'max-age=soon'],
] as const) {
  test(`${name}: ${value} means nothing and is refused by its name, not ignored`, () => {
    assert.throws(
      () => readOptions({ [name]: value }),
      (thrown: { code?: string; fields?: { field: string }[] }) => {
        assert.deepEqual([thrown.code, thrown.fields?.[0]?.field], ['invalid', name]);
        return true;
      },
    );
  });
}

test('the key is read from either header', () => {
  assert.equal(readApiKey({ authorization: 'Bearer abc' }), 'abc');
  assert.equal(readApiKey({ 'x-api-key': 'abc' }), 'abc');
  assert.equal(readApiKey({ authorization: 'Basic abc' }), undefined);
});

test('only a short printable request id is echoed', () => {
  assert.equal(readRequestId({ 'x-request-id': 'order-7' }), 'order-7');
  assert.equal(readRequestId({ 'x-request-id': 'a b' }), undefined);
  assert.equal(readRequestId({ 'x-request-id': 'x'.repeat(129) }), undefined);
});
