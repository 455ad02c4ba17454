/** What a log line keeps of an error. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly reason?: string;
  readonly stack?: string;
  readonly cause?: LoggedError;
}

const deepest = 4;
/** Shapes of providers' keys and of bearer tokens, which some upstreams repeat in their error texts. */
const keyShapes = /\b(?:sk-|gsk_|AIza|Bearer\s+|rfr_)[\w.-]{6,}/gi;
/** JSON.parse quotes what it could not read: a caller's request, or an answer. */
const quotedJson = /(?:Unexpected [\s\S]{0,120}?, )?"[\s\S]{0,120}?"(?:\.\.\.)? is not valid JSON/g;

/**
 * An error for the log: type, texts, code, stack and causes. Other properties stay out, for errors of clients carry
 * whole requests; so do keys and pieces of JSON inside the texts.
 */
export function toLoggedError(thrown: unknown, depth = 0): LoggedError {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: clean(String(thrown)) };
  const { code, reason } = thrown as { code?: unknown; reason?: unknown };
  return {
    type: thrown.name,
    message: clean(thrown.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(typeof reason === 'string' ? { reason: clean(reason) } : {}),
    ...(thrown.stack === undefined ? {} : { stack: clean(thrown.stack) }),
    ...(thrown.cause === undefined || depth >= deepest ? {} : { cause: toLoggedError(thrown.cause, depth + 1) }),
  };
}

function clean(text: string): string {
  return text.replace(quotedJson, 'the text is not valid JSON').replace(keyShapes, '[secret]');
}
