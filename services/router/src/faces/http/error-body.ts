import { errorCodes, type RefrainError, type Spent } from '@refrain/errors';

const notCached = 'NOT_CACHED';

/**
 * What HTTP has statuses of its own for. That nothing is cached is its own affair where `only-if-cached` asked (RFC 9111, 5.2.1.7).
 */
const statuses: Readonly<Record<string, number>> = {
  [notCached]: 504,
  METHOD_NOT_ALLOWED: 405,
  REQUEST_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  EXPECTATION_FAILED: 417,
};

/**
 * OpenAI's error body: `code` is our reason in lower case, `param` the first field at fault. Of an answer that broke off `refrain` says
 * what it has used until then.
 */
export function toErrorBody(error: RefrainError) {
  return {
    error: {
      message: error.message,
      type: errorCodes[error.code].openAiType,
      param: error.fields[0]?.field ?? null,
      code: error.reason.toLowerCase(),
    },
    ...(error.spent && { refrain: toSpentBody(error.spent) }),
  };
}

function toSpentBody({ promptTokens, completionTokens, estimated, nanoUsd, priceMissing }: Spent) {
  return {
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
      estimated,
    },
    cost_nano_usd: Number(nanoUsd),
    ...(priceMissing && { price_missing: true }),
  };
}

/** The status of an error. */
export function httpStatus({ code, reason }: RefrainError): number {
  return statuses[reason] ?? errorCodes[code].http;
}

/**
 * Headers that tell a client when to come back, or that it need not, or what to bring. OpenAI's clients read those about time;
 * milliseconds are finer.
 */
export function errorHeaders(error: RefrainError): Record<string, string> {
  // OpenAI's clients ask again after every 429 unless they are told not to.
  if (error.reason === notCached || error.code === 'budget') return { 'x-should-retry': 'false' };
  if (error.code === 'unauthenticated') return { 'www-authenticate': 'Bearer' };
  if (error.retryAfterMs === undefined) return {};
  return { 'retry-after-ms': String(error.retryAfterMs), 'retry-after': String(Math.ceil(error.retryAfterMs / 1000)) };
}
