import { errorCodes, RefrainError, type Spent } from '@refrain/errors';

/** Refusals of one provider: another may do it, or for less money, and if none does it is the caller's to mend. */
const notMe: ReadonlySet<string> = new Set(['UNSUPPORTED_BY_PROVIDER', 'CONTEXT_TOO_LONG', 'BUDGET_EXHAUSTED']);

/** Whether another route may still answer. */
export function mayTryNext(error: RefrainError): boolean {
  return errorCodes[error.code].tryNext || notMe.has(error.reason);
}

/** What our own side did: says nothing of the provider. */
const ours: ReadonlySet<string> = new Set([
  'NO_RESPONDERS',
  'BUS_DOWN',
  'BUSY',
  'WORKER_GONE',
  'WORKER_SILENT',
  'FRAMES_LOST',
]);

/**
 * Whether a failure counts against the provider: it failed, was silent or made no sense. Not what is the caller's (a refused request, a
 * prompt that gets an empty answer), nor a key's (429, 401, 402), nor ours.
 */
export function isProvidersFault(error: RefrainError, accepted: boolean): boolean {
  if (!accepted || ours.has(error.reason) || error.reason === 'EMPTY_ANSWER') return false;
  return ['unavailable', 'overloaded', 'upstream', 'midstream'].includes(error.code);
}

/** The failures of one request's attempts. */
export class Failures {
  readonly #failures: { readonly error: RefrainError; readonly weight: number }[] = [];

  /** Adds one; `accepted` when a worker had gone upstream with it. */
  add(error: RefrainError, accepted: boolean): void {
    // A budget that does not cover a model counts more than workers that are not there, and less than what an upstream said.
    const weight = error.code === 'budget' ? 1.5 : !errorCodes[error.code].tryNext ? 0 : accepted ? 2 : 1;
    this.#failures.push({ error, weight });
  }

  /**
   * The one that tells the caller most: what an upstream said before what no worker took, and both before what the caller could mend
   * for one provider alone. Its wait is the shortest any of them named.
   */
  weightiest(): RefrainError {
    let best: { error: RefrainError; weight: number } | undefined;
    for (const failure of this.#failures) if (!best || failure.weight >= best.weight) best = failure;
    if (!best) {
      return new RefrainError('unavailable', 'No provider is configured for this kind of request.', {
        reason: 'NO_ROUTE',
      });
    }
    const waits = this.#failures.flatMap(({ error }) => error.retryAfterMs ?? []);
    const { code, message, reason, fields, cause } = best.error;
    const retryAfterMs = waits.length > 0 ? { retryAfterMs: Math.min(...waits) } : {};
    return new RefrainError(code, message, { reason, fields, cause, ...retryAfterMs });
  }
}

/** The caller has heard a part: nobody else can go on from there. It hears what it `spent`, unless another pays. */
export function asMidstream(error: RefrainError, spent?: Spent | undefined): RefrainError {
  if (error.code === 'canceled' || error.code === 'deadline') return error;
  return new RefrainError('midstream', error.message, { reason: error.reason, cause: error, spent });
}
