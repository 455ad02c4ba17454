import type { Metrics } from '@refrain/service';

/** What the jobs service counts. */
export interface JobsMetrics {
  /** `queued`, `repeated` (under its idempotency key), or the reason why it was not taken. */
  submitted(outcome: string): void;
  /** A try ended: `ok` or our error code. */
  tried(code: string): void;
  /** It was asked for and refused before any provider had it. */
  waited(reason: string): void;
  /** A job is over: its state, and how long after it was submitted. */
  ended(state: string, seconds: number): void;
  /** A job without a record: its submitter was told that it was not taken. */
  withdrawn(): void;
}

/** Registers them. */
export function createJobsMetrics(metrics: Metrics): JobsMetrics {
  const submitted = metrics.counter('jobs_submitted_total', 'Jobs that were submitted, by what became of it.', [
    'outcome',
  ]);
  const tried = metrics.counter('jobs_tries_total', 'Tries to answer a job, by error code.', ['code']);
  const waited = metrics.counter('jobs_waits_total', 'Times a job was refused before any provider had it, by reason.', [
    'reason',
  ]);
  const ended = metrics.counter('jobs_ended_total', 'Jobs that are over, by state.', ['state']);
  const seconds = metrics.histogram('job_seconds', 'From submission to the end.', ['state']);
  const withdrawn = metrics.counter('jobs_withdrawn_total', 'Jobs dropped because their submission had failed.');
  return {
    submitted: (outcome) => submitted.inc({ outcome }),
    tried: (code) => tried.inc({ code }),
    waited: (reason) => waited.inc({ reason }),
    ended: (state, took) => {
      ended.inc({ state });
      seconds.observe(took, { state });
    },
    withdrawn: () => withdrawn.inc(),
  };
}
