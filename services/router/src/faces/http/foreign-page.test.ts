import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseForeignPage } from './foreign-page.ts';

test('a page of the web does not ask a mesh that has no keys', () => {
  for (const origin of [
    'https://evil.example',
    'http://evil.example:7461',
    'http://127.0.0.1.evil.example',
    'null',
    '',
  ]) {
    assert.throws(() => refuseForeignPage(origin), { code: 'denied', reason: 'FOREIGN_PAGE' }, origin);
  }
});

test('programs, desktop apps and pages of this machine ask', () => {
  const own = ['http://localhost:3000', 'http://127.0.0.1:7461', 'http://[::1]:8080', 'app://chat', 'file://'];
  for (const origin of [undefined, ...own]) refuseForeignPage(origin);
});
