/**
 * Some upstreams repeat the key they were sent in their error texts. Every error of an attempt passes through here
 * before it is told or logged, and whatever the adapter made of the text, the key is not in it.
 */
import { RefrainError } from '@refrain/errors';
import type { Secret } from '@refrain/service';

const deepest = 4;

/** The same error, the secret cut out of its texts, its fields and its causes. */
export function withoutSecret(error: RefrainError, secret: Secret | undefined): RefrainError {
  const value = secret?.reveal() ?? '';
  if (value === '' || !mentions(error, value)) return error;
  const clean = (text: string) => text.replaceAll(value, '[hidden]');
  return new RefrainError(error.code, clean(error.message), {
    reason: clean(error.reason),
    ...(error.retryAfterMs !== undefined && { retryAfterMs: error.retryAfterMs }),
    fields: error.fields.map(({ field, description }) => ({ field: clean(field), description: clean(description) })),
    ...(error.cause !== undefined && { cause: cleanCause(error.cause, clean, 0) }),
  });
}

function mentions(error: RefrainError, value: string): boolean {
  const texts = [
    error.message,
    error.reason,
    ...error.fields.flatMap(({ field, description }) => [field, description]),
  ];
  return texts.some((text) => text.includes(value)) || causesOf(error.cause).some((text) => text.includes(value));
}

function causesOf(thrown: unknown, depth = 0): string[] {
  if (thrown === undefined || depth > deepest) return [];
  if (!(thrown instanceof Error)) return [String(thrown)];
  return [thrown.message, thrown.stack ?? '', ...causesOf(thrown.cause, depth + 1)];
}

function cleanCause(thrown: unknown, clean: (text: string) => string, depth: number): Error {
  if (!(thrown instanceof Error)) return new Error(clean(String(thrown)));
  const { cause } = thrown;
  const copy = new Error(
    clean(thrown.message),
    cause === undefined || depth >= deepest ? undefined : { cause: cleanCause(cause, clean, depth + 1) },
  );
  copy.name = thrown.name;
  copy.stack = clean(thrown.stack ?? copy.message);
  return copy;
}
