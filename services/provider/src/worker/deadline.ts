import type { WorkRequest } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';

/** Node's timers fire at once beyond this (24 days). */
export const longestTimerMs: number = 2 ** 31 - 1;

/** Milliseconds that are left of a request's one deadline; 0 or less: none. `takenAtMs` is by `performance.now()`. */
export function remainingOf(taken: {
  readonly work: Pick<WorkRequest, 'remainingMs'>;
  readonly takenAtMs: number;
}): number {
  return taken.work.remainingMs - (performance.now() - taken.takenAtMs);
}

/** Its deadline passed before the upstream was asked. */
export function deadlinePassed(): RefrainError {
  return new RefrainError('deadline', 'The deadline passed while the request waited.');
}
