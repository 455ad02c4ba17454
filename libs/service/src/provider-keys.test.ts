import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { keyId, readProviderKeys } from './provider-keys.ts';
import { Secret } from './secret.ts';

const reveal = (env: NodeJS.ProcessEnv) => readProviderKeys('OPENAI', env).map((key) => key.reveal());

test('keys are the union of the plain name, the comma list and the numbered ones, in that order', () => {
  const env = {
    OPENAI_API_KEY_100: 'hundred',
    OPENAI_API_KEY_2: 'two',
    OPENAI_API_KEY_10: 'ten',
    OPENAI_API_KEYS: 'a, b ,,c',
    OPENAI_API_KEY: 'plain',
  };
  assert.deepEqual(reveal(env), ['plain', 'a', 'b', 'c', 'two', 'ten', 'hundred']);
});

test('duplicates and blanks are dropped, and what lies beyond 100 or belongs to others is not read', () => {
  const env = {
    OPENAI_API_KEY: 'a',
    OPENAI_API_KEYS: 'b,a',
    OPENAI_API_KEY_1: ' b ',
    OPENAI_API_KEY_2: ' ',
    OPENAI_API_KEY_0: 'zero',
    OPENAI_API_KEY_101: 'far',
    GEMINI_API_KEY: 'other',
  };
  assert.deepEqual(reveal(env), ['a', 'b']);
  assert.deepEqual(reveal({}), []);
});

test('a key is known in logs by the first twelve hex digits of its SHA-256', () => {
  assert.equal(keyId(new Secret('abc')), 'ba7816bf8f01');
});

test('keys of a file come last, one a line; a file that is not there is named by its variable, never by its path', () => {
  const folder = mkdtempSync(join(tmpdir(), 'refrain-keys-'));
  const file = join(folder, 'openai');
  writeFileSync(file, '# bought in May\n b\n\na # ours\r\nc#d\n');
  assert.deepEqual(reveal({ OPENAI_API_KEY: 'a', OPENAI_API_KEY_FILE: file }), ['a', 'b', 'c#d']);
  rmSync(folder, { recursive: true });
  assert.throws(
    () => reveal({ OPENAI_API_KEY_FILE: file }),
    (error: Error) => /OPENAI_API_KEY_FILE.*ENOENT/.test(error.message) && !error.message.includes(folder),
  );
});
