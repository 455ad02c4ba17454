import { type GetResponse, JobState } from '@refrain/contracts';
import { toCompletionBody } from './from-answer.ts';

const stateNames: Readonly<Record<number, string>> = {
  [JobState.QUEUED]: 'queued',
  [JobState.RUNNING]: 'running',
  [JobState.DONE]: 'done',
  [JobState.FAILED]: 'failed',
  [JobState.DEAD]: 'dead',
};

/** A job in JSON: times in Unix milliseconds, the answer as `/v1/chat/completions` would have given it. */
export function toJobBody({ answer, job }: GetResponse) {
  return {
    id: job?.id ?? '',
    object: 'refrain.job',
    state: stateNames[job?.state ?? JobState.UNSPECIFIED] ?? 'unknown',
    attempts: job?.attempts ?? 0,
    waits: job?.waits ?? 0,
    created_at_ms: Number(job?.createdAtMs ?? 0n),
    started_at_ms: timeOf(job?.startedAtMs),
    finished_at_ms: timeOf(job?.finishedAtMs),
    expires_at_ms: timeOf(job?.expiresAtMs),
    error: job?.errorCode ? { code: job.errorReason.toLowerCase(), type: job.errorCode } : null,
    completion: answer ? toCompletionBody(answer) : null,
  };
}

function timeOf(ms: bigint | undefined): number | null {
  return ms ? Number(ms) : null;
}
