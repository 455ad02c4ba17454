import { createHash } from 'node:crypto';
import { Secret } from './secret.ts';

const numbered = 100;

/**
 * A provider's keys: the union of `<STEM>_API_KEY`, the comma list `<STEM>_API_KEYS` and `<STEM>_API_KEY_1` to `_100`, in
 * that order; gaps are allowed, duplicates and blanks dropped.
 */
export function readProviderKeys(stem: string, env: NodeJS.ProcessEnv): Secret[] {
  const found = [
    env[`${stem}_API_KEY`],
    ...(env[`${stem}_API_KEYS`] ?? '').split(','),
    ...Array.from({ length: numbered }, (_, i) => env[`${stem}_API_KEY_${i + 1}`]),
  ];
  const values = new Set(found.map((value) => value?.trim() ?? '').filter((value) => value !== ''));
  return [...values].map((value) => new Secret(value));
}

/** What a key is called in logs, metrics and frames: the first 12 hex digits of its SHA-256. */
export function keyId(key: Secret): string {
  return createHash('sha256').update(key.reveal()).digest('hex').slice(0, 12);
}
