/**
 * Google's errors: `{"error":{"code","message","status","details":[…]}}`. A wrong key comes as 400, a day's quota and a
 * minute's both as 429; the details tell them apart.
 */
import type { RefrainError } from '@refrain/errors';
import { midnight } from '../../keys/day.ts';
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
import { isObject, type JsonObject, listOf, objectOf, textOf, tryParse } from '../../upstream/json.ts';
import { parseDuration, toldToWait } from '../../upstream/retry-after.ts';
import type { ErrorReply } from '../reader.ts';

/** Google counts days in Pacific time. */
const pacific = 'America/Los_Angeles';

/** Classifies a reply outside 2xx. */
export function toGeminiError(reply: ErrorReply, nowMs: number = Date.now()): RefrainError {
  const body = tryParse(reply.body);
  // Without `alt=sse` Google wraps the error into a list.
  const error = objectOf(objectOf(Array.isArray(body) ? body[0] : body).error);
  return classify(error, reply.status, toldToWait(reply.headers, nowMs), nowMs);
}

/** Classifies an error that came as an event of a stream whose HTTP status was 200. */
export function toGeminiEventError(error: JsonObject): RefrainError {
  const code = error.code;
  return classify(error, typeof code === 'number' ? code : 500, undefined, Date.now());
}

function classify(error: JsonObject, status: number, told: number | undefined, nowMs: number): RefrainError {
  const said = textOf(error.message);
  const details = listOf(error.details).filter(isObject);
  const reasons = details.map((detail) => textOf(detail.reason));
  const cause = new Error(`HTTP ${status}: ${textOf(error.status)} ${reasons.join(' ')}`.trim());
  if (reasons.some((reason) => /^(?:API_KEY|CREDENTIALS|ACCESS_TOKEN|SERVICE_DISABLED)/.test(reason)))
    return keyRejected(cause);
  if (reasons.includes('BILLING_DISABLED')) return spendLimit(cause);
  switch (error.status) {
    case 'RESOURCE_EXHAUSTED':
      return rateLimited(longest(toWait(details, said, nowMs), told), cause);
    case 'UNAUTHENTICATED':
    case 'PERMISSION_DENIED':
      return keyRejected(cause);
    case 'FAILED_PRECONDITION':
      // "Enable billing", "User location is not supported": about the account, not about the request.
      return keyRejected(cause);
    case 'NOT_FOUND':
      return modelMissing(cause);
    case 'UNAVAILABLE':
      return overloaded(told, cause);
    case 'INTERNAL':
    case 'UNKNOWN':
    case 'DEADLINE_EXCEEDED':
      return upstreamFailed(cause);
    case 'INVALID_ARGUMENT':
    case 'OUT_OF_RANGE':
      return /token count|exceeds the maximum/i.test(said) ? contextTooLong(cause) : rejected(said, cause);
    default:
      return fromStatus(status, said, told, cause);
  }
}

function longest(...waits: (number | undefined)[]): number | undefined {
  const known = waits.filter((wait) => wait !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
}

/** RetryInfo's delay; a day's quota, or one of 0, rests until Google's next day whatever the delay says. */
function toWait(details: readonly JsonObject[], said: string, nowMs: number): number | undefined {
  const delays = details.map((detail) => parseDuration(textOf(detail.retryDelay)));
  const told = longest(...delays);
  const violations = details.flatMap((detail) => listOf(detail.violations).map(objectOf));
  const daily = violations.some((violation) => /PerDay/.test(textOf(violation.quotaId)));
  if (!daily && !/limit: 0\b/.test(said)) return told;
  return Math.max(told ?? 0, midnight(pacific, nowMs, 1) - nowMs);
}
