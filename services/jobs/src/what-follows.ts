/** What follows from a try that gave no answer: whether it counts, and how long the job then waits. */
import { errorCodes, type JobVerdict, type RefrainError } from '@refrain/errors';
import { fullJitter } from '@refrain/resilience';

/** Of `unavailable`: nobody who might answer had the question. All else that is unavailable may be the question's own doing. */
const reachedNobody: ReadonlySet<string> = new Set([
  'NO_RESPONDERS',
  'BUS_DOWN',
  'BREAKER_OPEN',
  // The router: not there, or on its way out.
  'NOT_CONNECTED',
  'STOPPING',
]);

/** Whether the job is over, tried again, or waits without having been tried (docs/decisions/0020-jobs.md). */
export function verdictOf({ code, reason }: RefrainError): JobVerdict {
  return reachedNobody.has(reason) ? 'wait' : errorCodes[code].job;
}

/** How long may be waited, in milliseconds. */
export interface Patience {
  /** Before the first retry at most; eight times as long before the second. */
  readonly retryBaseMs: number;
  /** Between two looks whether somebody can answer by now. */
  readonly longestWaitMs: number;
}

/** What a job has behind it. */
export interface Behind {
  readonly attempts: number;
  readonly waits: number;
}

const retryFactor = 8;
const firstWaitMs = 1000;

/** Milliseconds until the job is taken up again: jittered, no sooner than the error tells that it makes sense. */
export function pauseMs(
  verdict: 'retry' | 'wait',
  { attempts, waits }: Behind,
  error: { readonly retryAfterMs?: number | undefined },
  { longestWaitMs, retryBaseMs }: Patience,
): number {
  const bound = retryBaseMs * retryFactor ** (attempts - 1);
  const backoff = verdict === 'retry' ? fullJitter(0, bound, bound) : fullJitter(waits - 1, firstWaitMs, longestWaitMs);
  return Math.ceil(Math.max(1, backoff, error.retryAfterMs ?? 0));
}
