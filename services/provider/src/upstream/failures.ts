/** The failures of upstreams in the mesh's words: every adapter classifies into these and nothing else. */
import { RefrainError } from '@refrain/errors';

/** The key has used up its share for now; `retryAfterMs` as the provider told it. */
export function rateLimited(retryAfterMs?: number, cause?: unknown): RefrainError {
  return new RefrainError('upstream_exhausted', 'The provider limits our rate.', {
    reason: 'RATE_LIMITED',
    cause,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** The provider does not accept the key. */
export function keyRejected(cause?: unknown): RefrainError {
  return new RefrainError('upstream_denied', 'The provider refuses our key.', { reason: 'KEY_REJECTED', cause });
}

/** The account behind the key has no money or has reached its spending limit: waiting does not help. */
export function spendLimit(cause?: unknown): RefrainError {
  return new RefrainError('upstream_denied', 'Our account at the provider is out of credit.', {
    reason: 'SPEND_LIMIT',
    cause,
  });
}

/** The provider does not have the model; another route may. */
export function modelMissing(cause?: unknown): RefrainError {
  return new RefrainError('unavailable', 'The provider does not have this model.', { reason: 'MODEL_MISSING', cause });
}

/** The provider has too much to do. */
export function overloaded(retryAfterMs?: number, cause?: unknown): RefrainError {
  return new RefrainError('overloaded', 'The provider is overloaded.', {
    reason: 'UPSTREAM_OVERLOADED',
    cause,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** The provider failed by its own fault. */
export function upstreamFailed(cause?: unknown): RefrainError {
  return new RefrainError('unavailable', 'The provider failed.', { reason: 'UPSTREAM_FAILED', cause });
}

/** The reply is not what the provider's documents promise. */
export function malformed(cause?: unknown): RefrainError {
  return new RefrainError('upstream', 'The provider sent a reply that makes no sense.', { reason: 'MALFORMED', cause });
}

/** The stream ended without its documented end. */
export function truncated(): RefrainError {
  return new RefrainError('upstream', "The provider's stream ended early.", { reason: 'TRUNCATED' });
}

/** A complete stream without a single word or tool call. */
export function emptyAnswer(): RefrainError {
  return new RefrainError('upstream', 'The model gave an empty answer.', { reason: 'EMPTY_ANSWER' });
}

/** The provider's filter stopped prompt or answer. */
export function filtered(cause?: unknown): RefrainError {
  return new RefrainError('content_filter', "The provider's content filter refused the prompt.", { cause });
}

/** The prompt does not fit the model. */
export function contextTooLong(cause?: unknown): RefrainError {
  return new RefrainError('invalid', "The prompt is longer than the model's context.", {
    reason: 'CONTEXT_TOO_LONG',
    cause,
    fields: [{ field: 'chat.messages', description: "longer than the model's context" }],
  });
}

/** The provider finds fault with the request; its words are passed on, cut short and cleaned of secrets. */
export function rejected(said: string, cause?: unknown): RefrainError {
  const words = safeWords(said);
  return new RefrainError('invalid', `The provider refuses the request${words === '' ? '.' : `: ${words}`}`, {
    reason: 'UPSTREAM_REJECTED',
    cause,
  });
}

/** A field this provider cannot do. */
export function cannot(field: string, description: string): RefrainError {
  return new RefrainError('unsupported', `${field}: ${description}`, {
    reason: 'UNSUPPORTED_BY_PROVIDER',
    fields: [{ field, description }],
  });
}

/** A prefix and a sign that parts it from the rest: `organization` is a word, and what to do about it stands behind it. */
const secretLike = /\b(?:(?:sk|gsk|pk|key|org|proj|xai)[-_][-_A-Za-z0-9*.]{5,}|AIza[-_A-Za-z0-9*.]{6,})/g;
const wordsLimit = 200;

/** A foreign sentence without control characters and whatever looks like a key or an account, 200 characters at most. */
export function safeWords(said: string): string {
  const clean = said
    .replace(secretLike, '[hidden]')
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
  return clean.length > wordsLimit ? `${clean.slice(0, wordsLimit)}…` : clean;
}

/** Where the body says nothing better: what the status alone means. */
export function fromStatus(status: number, said: string, retryAfterMs?: number, cause?: unknown): RefrainError {
  if (status === 401 || status === 403) return keyRejected(cause);
  if (status === 402) return spendLimit(cause);
  if (status === 404) return modelMissing(cause);
  if (status === 413) return contextTooLong(cause);
  if (status === 429) return rateLimited(retryAfterMs, cause);
  if (status === 503 || status === 529) return overloaded(retryAfterMs, cause);
  if (status === 408 || status === 409 || status >= 500) return upstreamFailed(cause);
  if (status >= 400) return rejected(said, cause);
  return malformed(cause);
}
