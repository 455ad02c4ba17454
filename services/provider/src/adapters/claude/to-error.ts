/** Anthropic's errors: `{"type":"error","error":{"type","message","details"}}`, alike in a reply and in a stream. */
import type { RefrainError } from '@refrain/errors';
import {
  contextTooLong,
  fromStatus,
  keyRejected,
  modelMissing,
  overloaded,
  rateLimited,
  rejected,
  spendLimit,
  upstreamFailed,
} from '../../upstream/failures.ts';
import { type JsonObject, objectOf, textOf, tryParse } from '../../upstream/json.ts';
import { toldToWait } from '../../upstream/retry-after.ts';
import type { ErrorReply } from '../reader.ts';

const spendWords = /credit balance|spend limit|spending limit|usage limits?\b/i;
const longPrompt = /prompt is too long|context (?:window|limit)|exceed.*context/i;

/** Classifies a reply outside 2xx. */
export function toClaudeError(reply: ErrorReply, nowMs: number = Date.now()): RefrainError {
  const error = objectOf(objectOf(tryParse(reply.body)).error);
  return classify(error, reply.status, toldToWait(reply.headers, nowMs));
}

/** Classifies an `error` event of a stream. */
export function toClaudeEventError(event: JsonObject): RefrainError {
  return classify(objectOf(event.error), 500, undefined);
}

function classify(error: JsonObject, status: number, wait: number | undefined): RefrainError {
  const said = textOf(error.message);
  const detail = textOf(objectOf(error.details).error_code);
  const type = textOf(error.type);
  const cause = new Error(`HTTP ${status}: ${type} ${detail}`.trim());
  if (detail === 'enforced_spend_limit_reached') return spendLimit(cause);
  switch (type) {
    case 'authentication_error':
    case 'permission_error':
      return keyRejected(cause);
    case 'billing_error':
      return spendLimit(cause);
    case 'rate_limit_error':
      return rateLimited(wait, cause);
    case 'overloaded_error':
      return overloaded(wait, cause);
    case 'api_error':
    case 'timeout_error':
      return upstreamFailed(cause);
    case 'not_found_error':
      return modelMissing(cause);
    case 'request_too_large':
      return contextTooLong(cause);
    case 'invalid_request_error':
      if (spendWords.test(said)) return spendLimit(cause);
      return longPrompt.test(said) ? contextTooLong(cause) : rejected(said, cause);
    default:
      return fromStatus(status, said, wait, cause);
  }
}
