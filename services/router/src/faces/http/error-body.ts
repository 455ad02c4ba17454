import { errorCodes, type RefrainError, type Spent } from '@refrain/errors';

const notCached = 'NOT_CACHED';

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

/** The status of an error. That nothing is cached is HTTP's own affair where `only-if-cached` asked (RFC 9111, 5.2.1.7). */
export function httpStatus({ code, reason }: RefrainError): number {
  return reason === notCached ? 504 : errorCodes[code].http;
}

/** Headers that tell a client when to come back, or that it need not. OpenAI's clients read all of them; milliseconds are finer. */
export function retryHeaders(error: RefrainError): Record<string, string> {
  if (error.reason === notCached) return { 'x-should-retry': 'false' };
  if (error.retryAfterMs === undefined) return {};
  return { 'retry-after-ms': String(error.retryAfterMs), 'retry-after': String(Math.ceil(error.retryAfterMs / 1000)) };
}
