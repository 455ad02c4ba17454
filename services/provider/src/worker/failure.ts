import type { MessageInitShape } from '@bufbuild/protobuf';
import type { FailureSchema } from '@refrain/contracts';
import type { RefrainError } from '@refrain/errors';

/** What a frame can hold: 49 days. */
const longestMs = 0xffff_ffff;

/** An error as a frame tells it; a longer wait than a frame can hold is cut there (the key pool knows the whole of it). */
export function toFailure(error: RefrainError): Exclude<MessageInitShape<typeof FailureSchema>, { $typeName: string }> {
  const { code, message, reason, retryAfterMs } = error;
  return {
    code,
    message,
    reason,
    ...(retryAfterMs !== undefined && { retryAfterMs: Math.min(longestMs, Math.max(0, Math.ceil(retryAfterMs))) }),
  };
}
