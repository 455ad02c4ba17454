import { create } from '@bufbuild/protobuf';
import { UsageRecordSchema } from '@refrain/contracts';
import type { Logger } from '@refrain/service';
import type { WorkerMetrics } from '../metrics.ts';
import type { UsageOutbox } from '../usage-outbox.ts';
import type { AttemptEnd } from './attempt.ts';
import type { Taken } from './taken-requests.ts';

/** What attempts are recorded with. */
export interface RecordingParts {
  readonly provider: string;
  readonly usage: Pick<UsageOutbox, 'put'>;
  readonly log: Logger;
  readonly metrics: Pick<WorkerMetrics, 'ended'>;
}

/** Says how an attempt ended: to the metrics, to the log, and in the one usage record it is billed by. */
export function recordAttempt(
  { takenAtMs, work }: Taken,
  { end, keyId }: { readonly end: AttemptEnd; readonly keyId: string },
  { log, metrics, provider, usage }: RecordingParts,
): void {
  const ms = performance.now() - takenAtMs;
  const { attemptId, model, requestId, tenant, user } = work;
  metrics.ended(provider, end.outcome, ms / 1000);
  const fields = { provider, model, attemptId, requestId, ms: Math.round(ms) };
  if (end.error) {
    const { code, reason } = end.error;
    const level = code === 'internal' ? 'error' : code === 'upstream_denied' ? 'warn' : 'info';
    log[level]({ ...fields, code, reason, err: end.error, keyId }, 'attempt failed');
  } else log.debug(fields, 'attempt completed');
  const whose = { attemptId, requestId, tenant, user, provider, model, keyId };
  const { outcome, usage: used } = end;
  usage.put(create(UsageRecordSchema, { ...whose, usage: used, outcome, finishedAtMs: BigInt(Date.now()) }));
}
