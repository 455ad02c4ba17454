import type { Metrics } from '@refrain/service';
import type { Outcome } from './attempt.ts';

/** What the workers count. */
export interface WorkerMetrics {
  refused(provider: string, reason: string): void;
  ended(provider: string, outcome: Outcome, seconds: number): void;
  usageLost(provider: string): void;
}

/** Registers the workers' metrics. */
export function createWorkerMetrics(metrics: Metrics): WorkerMetrics {
  const refusals = metrics.counter('provider_refusals_total', 'Requests refused before an upstream was asked', [
    'provider',
    'reason',
  ]);
  const attempts = metrics.counter('provider_attempts_total', 'Attempts at upstreams by how they ended', [
    'provider',
    'outcome',
  ]);
  const seconds = metrics.histogram('provider_attempt_seconds', 'From taking a request to its last frame', [
    'provider',
  ]);
  const lost = metrics.counter('provider_usage_lost_total', 'Usage records that could not be stored', ['provider']);
  return {
    refused: (provider, reason) => refusals.inc({ provider, reason }),
    ended: (provider, outcome, took) => {
      attempts.inc({ provider, outcome });
      seconds.observe(took, { provider });
    },
    usageLost: (provider) => lost.inc({ provider }),
  };
}
