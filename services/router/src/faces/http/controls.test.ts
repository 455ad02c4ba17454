import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CacheMode, FallbackMode } from '@refrain/contracts';
import { readApiKey, readOptions, readRequestId } from './controls.ts';

test('cache-control says what is read and what is kept', () => {
  const mode = (value: string) => readOptions({ 'cache-control': value }).cache;
  assert.equal(mode('no-cache'), CacheMode.REFRESH);
  assert.equal(mode('no-store'), CacheMode.READ_ONLY);
  assert.equal(mode('no-cache, no-store'), CacheMode.OFF);
  assert.equal(mode('max-age=5'), CacheMode.UNSPECIFIED);
});

test('our own headers win over cache-control', () => {
  assert.equal(readOptions({ 'cache-control': 'no-cache', 'x-refrain-cache': 'off' }).cache, CacheMode.OFF);
  assert.equal(readOptions({ 'x-refrain-fallback': 'none' }).fallback, FallbackMode.NONE);
});

test('a control that means nothing is refused, not ignored', () => {
  assert.throws(() => readOptions({ 'x-refrain-cache': 'maybe' }), { code: 'invalid' });
  assert.throws(() => readOptions({ 'x-refrain-minimum-confidence': '7' }), { code: 'invalid' });
  assert.throws(() => readOptions({ 'x-refrain-cache': 'constructor' }), { code: 'invalid' });
});

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
