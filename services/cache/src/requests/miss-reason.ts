import { type RefrainError, toRefrainError } from '@refrain/errors';

/** Who hears of faults that cost nobody an answer, and of which somebody must know all the same. */
export interface Faults {
  /** Hears of bugs, and of entries that are in Redis and cannot be read. */
  readonly onFault: (error: RefrainError) => void;
}

/** The reason that a caller and the metrics see of what failed; a fault that should not be is heard of. */
export function missReason(thrown: unknown, { onFault }: Faults): string {
  const error = toRefrainError(thrown);
  const { code, reason } = error;
  if (code === 'internal' || reason === 'BAD_ENTRY') onFault(error);
  // Chroma and the embedder name themselves; the breaker that does not is the one before Redis.
  return reason === 'BREAKER_OPEN' ? 'redis_down' : reason.toLowerCase();
}
