import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCacheControl } from './cache-control.ts';

const read = (text: string) => {
  const { maxAgeSeconds, noCache, noStore, onlyIfCached } = parseCacheControl(text);
  return `${noCache ? 'C' : '-'}${noStore ? 'S' : '-'}${onlyIfCached ? 'O' : '-'}${maxAgeSeconds ?? ''}`;
};

for (const [text, meaning] of [
  ['', '---'],
  ['no-cache', 'C--'],
  ['No-Store', '-S-'],
  ['no-cache, no-store, max-age=60', 'CS-60'],
  ['no-store,max-age=0', '-S-0'],
  ['only-if-cached', '--O'],
  ['max-age="60"', '---60'],
  ['max-age=60, max-age=5', '---5'],
  ['max-age=5, max-age=60', '---5'],
  ['max-age=99999999999999999999', '---2147483648'],
  ['max-stale, min-fresh=5, no-transform, stale-if-error=60, x="a, no-cache"', '---'],
  [' , no-cache ,, no-store , ', 'CS-'],
  ['x="a \\" no-store", no-cache', 'C--'],
  // Names that only contain ours are others.
  ['no-cached, xno-store, max-aged=5', '---'],
] as const) {
  test(`"${text}" is read as the RFC reads it`, () => assert.equal(read(text), meaning));
}

for (const text of [
  'max-age',
  'max-age=',
  'max-age=soon',
  'max-age=-1',
  'max-age=1.5',
  'max-age=6 0',
  '=5',
  'a b',
  'x="a',
]) {
  test(`"${text}" is refused, not guessed at`, () => {
    assert.throws(() => parseCacheControl(text), { code: 'invalid', message: /^cache-control / });
  });
}

test('a header as long as headers get is refused where only its end is wrong', () => {
  for (const each of [',', ' ', 'a', 'a=', '="', 'a="\\', 'a ', 'a,']) {
    const text = `${each.repeat(16_000 / each.length)}x y`;
    assert.throws(() => parseCacheControl(text), { code: 'invalid' });
  }
});
