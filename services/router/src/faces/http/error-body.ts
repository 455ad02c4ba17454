import { errorCodes, type RefrainError } from '@refrain/errors';

/** OpenAI's error body: `code` is our reason in lower case, `param` the first field at fault. */
export function toErrorBody(error: RefrainError) {
  return {
    error: {
      message: error.message,
      type: errorCodes[error.code].openAiType,
      param: error.fields[0]?.field ?? null,
      code: error.reason.toLowerCase(),
    },
  };
}

/** Headers that tell a client when to come back. OpenAI's clients read both; the first is finer. */
export function retryHeaders(error: RefrainError): Record<string, string> {
  if (error.retryAfterMs === undefined) return {};
  return { 'retry-after-ms': String(error.retryAfterMs), 'retry-after': String(Math.ceil(error.retryAfterMs / 1000)) };
}
