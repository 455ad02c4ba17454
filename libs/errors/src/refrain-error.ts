import type { ErrorCode } from './codes.ts';

/** One fault of a request: the field's path ("chat.messages[0].parts") and what is wrong with it. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** What an answer that broke off has used, and what its caller pays for it. */
export interface Spent {
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** The upstream had not counted yet: an upper estimate. */
  readonly estimated: boolean;
  readonly nanoUsd: bigint;
  /** No price is known: `nanoUsd` is a lower bound. */
  readonly priceMissing: boolean;
}

/** What an error may carry beside its code and message. */
export interface RefrainErrorOptions {
  /** The foreign error behind it; logged, never sent. */
  readonly cause?: unknown;
  /** When asking again makes sense, in milliseconds. */
  readonly retryAfterMs?: number;
  /** UPPER_SNAKE reason for ErrorInfo and OpenAI's `code`; defaults to the code in upper case. */
  readonly reason?: string;
  /** For `invalid`: every fault, not only the first. */
  readonly fields?: readonly FieldViolation[];
  /** For `midstream`, where it is known. */
  readonly spent?: Spent | undefined;
}

/** The one error that crosses module borders. `message` is safe for callers; `cause` is for logs. */
export class RefrainError extends Error {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly retryAfterMs: number | undefined;
  readonly fields: readonly FieldViolation[];
  readonly spent: Spent | undefined;

  constructor(code: ErrorCode, message: string, options: RefrainErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RefrainError';
    this.code = code;
    this.reason = options.reason ?? code.toUpperCase();
    this.retryAfterMs = options.retryAfterMs;
    this.fields = options.fields ?? [];
    this.spent = options.spent;
  }
}

/** Turns whatever was thrown into a RefrainError: aborts become `canceled`, the unknown becomes `internal`. */
export function toRefrainError(thrown: unknown): RefrainError {
  if (thrown instanceof RefrainError) return thrown;
  if (thrown instanceof Error && thrown.name === 'TimeoutError') {
    return new RefrainError('deadline', 'The deadline passed.', { cause: thrown });
  }
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return new RefrainError('canceled', 'The caller left.', { cause: thrown });
  }
  return new RefrainError('internal', 'An internal error occurred.', { cause: thrown });
}
