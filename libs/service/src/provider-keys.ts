import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError } from './config-error.ts';
import { Secret } from './secret.ts';

const numbered = 100;

/**
 * A provider's keys: the union of `<STEM>_API_KEY`, the comma list `<STEM>_API_KEYS`, `<STEM>_API_KEY_1` to `_100` and the file
 * that `<STEM>_API_KEY_FILE` names (one key a line, `#` begins a comment), in that order; gaps are allowed, duplicates and
 * blanks dropped.
 * @throws ConfigError when the file cannot be read
 */
export function readProviderKeys(stem: string, env: NodeJS.ProcessEnv): Secret[] {
  const found = [
    env[`${stem}_API_KEY`],
    ...(env[`${stem}_API_KEYS`] ?? '').split(','),
    ...Array.from({ length: numbered }, (_, i) => env[`${stem}_API_KEY_${i + 1}`]),
    ...linesOf(keyFile(stem, env), `${stem}_API_KEY_FILE`),
  ];
  const values = new Set(found.map((value) => value?.trim() ?? '').filter((value) => value !== ''));
  return [...values].map((value) => new Secret(value));
}

/** The file that may hold more keys of this stem; undefined where none is named. */
export function keyFile(stem: string, env: NodeJS.ProcessEnv): string | undefined {
  return env[`${stem}_API_KEY_FILE`] || undefined;
}

function linesOf(file: string | undefined, variable: string): string[] {
  if (file === undefined) return [];
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.replace(/(?:^|\s)#.*/, ''));
  } catch (error) {
    const message = `names a file that cannot be read (${(error as NodeJS.ErrnoException).code})`;
    throw new ConfigError('environment', [{ path: variable, message }]);
  }
}

/** What a key is called in logs, metrics and frames: the first 12 hex digits of its SHA-256. */
export function keyId(key: Secret): string {
  return createHash('sha256').update(key.reveal()).digest('hex').slice(0, 12);
}
