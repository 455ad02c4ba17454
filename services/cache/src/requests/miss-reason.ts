import type { RefrainError } from '@refrain/errors';

/** The reason a caller and the metrics see of a part that failed. */
export function missReason({ reason }: RefrainError): string {
  // Chroma and the embedder name themselves; the breaker that does not is the one before Redis.
  return reason === 'BREAKER_OPEN' ? 'redis_down' : reason.toLowerCase();
}
