/**
 * The closed list of error codes: what each means to a gRPC caller, to an HTTP caller, to a job and to the router's
 * attempt loop. The table is the contract; nothing else in the mesh maps statuses.
 */

/** What a job does about a failed try; one that ended in `wait` reached nobody who might answer, and does not count. */
export type JobVerdict = 'end' | 'retry' | 'wait';

interface ErrorPolicy {
  /** Numeric gRPC status (google.golang.org/grpc/codes). */
  readonly grpc: number;
  readonly http: number;
  /** The `type` of OpenAI's error body. */
  readonly openAiType: string;
  readonly job: JobVerdict;
  /** Whether another provider may still answer. */
  readonly tryNext: boolean;
}

const policy = (grpc: number, http: number, openAiType: string, job: JobVerdict, tryNext: boolean): ErrorPolicy => ({
  grpc,
  http,
  openAiType,
  job,
  tryNext,
});

/** Every code with what callers, jobs and the router do about it. */
export const errorCodes = {
  invalid: policy(3, 400, 'invalid_request_error', 'end', false),
  unsupported: policy(3, 400, 'invalid_request_error', 'end', false),
  not_found: policy(5, 404, 'invalid_request_error', 'end', false),
  unauthenticated: policy(16, 401, 'authentication_error', 'end', false),
  denied: policy(7, 403, 'permission_error', 'end', false),
  rate_limited: policy(8, 429, 'rate_limit_error', 'wait', false),
  budget: policy(8, 429, 'insufficient_quota', 'wait', false),
  content_filter: policy(9, 400, 'invalid_request_error', 'end', false),
  upstream_denied: policy(14, 503, 'api_error', 'end', true),
  upstream_exhausted: policy(14, 503, 'api_error', 'wait', true),
  unavailable: policy(14, 503, 'api_error', 'retry', true),
  overloaded: policy(14, 503, 'api_error', 'wait', true),
  upstream: policy(14, 503, 'api_error', 'retry', true),
  midstream: policy(10, 502, 'api_error', 'retry', false),
  deadline: policy(4, 504, 'api_error', 'retry', false),
  canceled: policy(1, 499, 'api_error', 'end', false),
  internal: policy(13, 500, 'api_error', 'end', false),
} as const satisfies Record<string, ErrorPolicy>;

/** A code of the closed list. */
export type ErrorCode = keyof typeof errorCodes;

/** Whether a text from outside (a frame, a header) names one of our codes. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCodes, text);
}
