/**
 * OpenAI's errors and those of the servers that speak its language. The body's code decides; the status only where the
 * body has none: a 429 may mean "wait 2 s" or "no money", and only the code says which.
 */
import type { RefrainError } from '@refrain/errors';
import {
  contextTooLong,
  filtered,
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
import { toldToWait } from '../../upstream/retry-after.ts';
import type { ErrorReply } from '../reader.ts';

interface Fault {
  readonly said: string;
  readonly wait: number | undefined;
  readonly cause: Error;
}

const keyCodes = [
  'invalid_api_key',
  'incorrect_api_key',
  'account_deactivated',
  'authentication_error',
  'invalid_authentication',
  'permission_denied',
  'permission_error',
  'organization_deactivated',
  'unsupported_country_region_territory',
];
const spendCodes = [
  'insufficient_quota',
  'credit_balance_exhausted',
  'organization_spend_limit_exceeded',
  'project_spend_limit_exceeded',
  'organization_usage_limit_exceeded',
  'billing_not_active',
  'billing_hard_limit_reached',
  'insufficient_balance',
];
const rateCodes = ['rate_limit_exceeded', 'slow_down', 'rate_limit_error', 'requests', 'tokens'];
const contextCodes = ['context_length_exceeded', 'string_above_max_length', 'request_too_large'];
const filterCodes = [
  'content_filter',
  'content_policy_violation',
  'moderation_blocked',
  'responsibleaipolicyviolation',
];
const overloadCodes = [
  'engine_overloaded',
  'overloaded',
  'overloaded_error',
  'service_unavailable',
  'capacity_exceeded',
];

const byCode: ReadonlyMap<string, (fault: Fault) => RefrainError> = new Map<string, (fault: Fault) => RefrainError>([
  ...keyCodes.map((code) => [code, (fault: Fault) => keyRejected(fault.cause)] as const),
  ...spendCodes.map((code) => [code, (fault: Fault) => spendLimit(fault.cause)] as const),
  ...rateCodes.map((code) => [code, (fault: Fault) => rateLimited(fault.wait, fault.cause)] as const),
  ...contextCodes.map((code) => [code, (fault: Fault) => contextTooLong(fault.cause)] as const),
  ...filterCodes.map((code) => [code, (fault: Fault) => filtered(fault.cause)] as const),
  ...overloadCodes.map((code) => [code, (fault: Fault) => overloaded(fault.wait, fault.cause)] as const),
  ['model_not_found', (fault) => modelMissing(fault.cause)],
  ['model_decommissioned', (fault) => modelMissing(fault.cause)],
  ['server_error', (fault) => upstreamFailed(fault.cause)],
  ['unsupported_parameter', (fault) => rejected(fault.said, fault.cause)],
  ['unsupported_value', (fault) => rejected(fault.said, fault.cause)],
]);

/** Classifies a reply outside 2xx. */
export function toOpenAiError(reply: ErrorReply, nowMs: number = Date.now()): RefrainError {
  const body = tryParse(reply.body);
  const error = isObject(body) ? (body.error ?? body) : undefined;
  const wait = toldToWait(reply.headers, nowMs);
  return classify(isObject(error) ? error : { message: textOf(error) }, reply.status, wait, nowMs);
}

/** Classifies an error that came as an event of a stream whose HTTP status was 200. */
export function toOpenAiEventError(error: unknown): RefrainError {
  return classify(isObject(error) ? error : { message: textOf(error) }, 500, undefined, Date.now());
}

function classify(error: JsonObject, httpStatus: number, told: number | undefined, nowMs: number): RefrainError {
  const said = textOf(error.message);
  const metadata = objectOf(error.metadata);
  const wait = told ?? waitInBody(metadata, nowMs);
  const fault: Fault = {
    said,
    wait,
    cause: new Error(`HTTP ${httpStatus}: ${textOf(error.code) || textOf(error.type)}`),
  };
  // OpenRouter's moderation: 403 with the reasons beside it.
  if (listOf(metadata.reasons).length > 0) return filtered(fault.cause);
  const named = [error.code, error.type].map((name) => byCode.get(textOf(name).toLowerCase())).find(Boolean);
  if (named) return named(fault);
  // OpenRouter puts the status of the provider behind it into `code`.
  const status = typeof error.code === 'number' ? error.code : httpStatus;
  return fromStatus(status, said, wait, fault.cause);
}

/** OpenRouter repeats the provider's headers in the body. */
function waitInBody(metadata: JsonObject, nowMs: number): number | undefined {
  const headers = new Map(
    Object.entries(objectOf(metadata.headers)).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
  return toldToWait({ get: (name) => headers.get(name) }, nowMs);
}
