import type { Metrics } from '@refrain/service';
import type { KeyRecord } from '@refrain/state';
import type { Outcome } from './worker/attempt.ts';

/** What the workers count. */
export interface WorkerMetrics {
  refused(provider: string, reason: string): void;
  ended(provider: string, outcome: Outcome, seconds: number): void;
  usageLost(provider: string): void;
  alerted(provider: string, kind: string): void;
  /** A check heard the provider, or did not. */
  looked(provider: string, isUp: boolean): void;
  /** What is known of a key, by its hash. */
  key(provider: string, id: string, known: { readonly record: KeyRecord; readonly isResting: boolean }): void;
  keyGone(provider: string, id: string): void;
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
  const alerts = metrics.counter('provider_alerts_total', 'Alerts sent to operators', ['provider', 'kind']);
  const up = metrics.gauge('provider_up', 'Whether the provider answered the last check', ['provider']);
  const ofKey = ['provider', 'key'];
  const gauge = (name: string, help: string) => metrics.gauge(`provider_key_${name}`, help, ofKey);
  const keys = {
    state: gauge('state', 'A key, by its hash: 2 in use, 1 resting for some model, 0 out'),
    requests: gauge('requests', 'Requests ever, over all workers'),
    dayRequests: gauge('day_requests', 'Requests since midnight where the provider counts'),
    dayTokens: gauge('day_tokens', 'Tokens since midnight where the provider counts'),
    running: gauge('running', 'Calls under way, over all workers'),
    errors: gauge('errors', 'Errors ever, over all workers'),
    lastUsed: gauge('last_used_seconds', 'When it was last used, in seconds since 1970'),
  };
  return {
    alerted: (provider, kind) => alerts.inc({ provider, kind }),
    looked: (provider, isUp) => up.set(isUp ? 1 : 0, { provider }),
    key: (provider, id, { record, isResting }) => {
      const labels = { provider, key: id };
      keys.state.set(record.disabled !== '' ? 0 : isResting ? 1 : 2, labels);
      keys.requests.set(record.requests, labels);
      keys.dayRequests.set(record.dayRequests, labels);
      keys.dayTokens.set(record.dayTokens, labels);
      keys.running.set(record.running, labels);
      keys.errors.set(record.errors, labels);
      keys.lastUsed.set(record.lastUsedAt / 1000, labels);
    },
    keyGone: (provider, id) => {
      for (const each of Object.values(keys)) each.remove({ provider, key: id });
    },
    refused: (provider, reason) => refusals.inc({ provider, reason }),
    ended: (provider, outcome, took) => {
      attempts.inc({ provider, outcome });
      seconds.observe(took, { provider });
    },
    usageLost: (provider) => lost.inc({ provider }),
  };
}
