import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataUrl, jsonObject } from './request-parts.ts';

test('data: URLs in every form give type and bytes; other URLs give nothing', () => {
  const hi = { mediaType: 'image/png', base64: 'aGk=' };
  for (const url of [
    'data:image/png;base64,aGk=',
    'DATA:IMAGE/PNG;charset=utf-8;base64,aGk=',
    'data:image/png,hi',
    'data:image/png,%68i',
  ])
    assert.deepEqual(dataUrl(url), hi, url);
  for (const url of ['https://x.test/a.png', 'data:,hi', 'data:image/png', ''])
    assert.equal(dataUrl(url), undefined, url);
});

test('text that must be a JSON object and is none names its field', () => {
  assert.deepEqual(jsonObject('', 'f'), {});
  for (const text of ['[]', '1', '{', 'null']) {
    assert.throws(() => jsonObject(text, 'chat.f'), { code: 'invalid', message: /chat\.f/ });
  }
});
