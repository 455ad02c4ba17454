import { type Answer, Source } from '@refrain/contracts';
import type { Metrics } from '@refrain/service';
import type { FaceName } from './ask.ts';
import type { HealthMetrics } from './health/provider-health.ts';
import { sourceName } from './source-name.ts';

/** What the router counts. */
export interface RouterMetrics extends HealthMetrics {
  answered(face: FaceName, answer: Answer, seconds: number): void;
  failed(face: FaceName, code: string, seconds: number): void;
  /** Not let in: it took no time worth measuring. */
  refused(face: FaceName, code: string): void;
  /** From the question to the first thing that was told. */
  began(source: string, seconds: number): void;
  cacheFailed(call: 'lookup' | 'store', reason: string): void;
  /** A call to what routers share (flights, breakers) failed: each goes on by itself. */
  sharingFailed(reason: string): void;
  eventDropped(): void;
  /** A caller would have its question queued: `queued`, or why it was not. */
  queued(outcome: string): void;
  /** An answer past its time was asked afresh (`asked`, `shared` with another router or caller), or why not (`busy`, an error's code). */
  revalidated(outcome: string, answer?: Answer): void;
  /**
   * Evidence about semantic hits, what became of it: `queued` and `asked` for a review, `right`, `wrong` or `unsure` as the cache found
   * it, or why there is none (`too_many`, why the answer could not be kept, an error's code or reason). The answer is one asked for it.
   */
  learned(kind: 'shadow' | 'review', outcome: string, answer?: Answer): void;
}

/** Registers the router's metrics. */
export function createRouterMetrics(metrics: Metrics): RouterMetrics {
  const requests = metrics.counter('requests_total', 'Requests by door, source of the answer and error code.', [
    'face',
    'source',
    'code',
  ]);
  const seconds = metrics.histogram('request_seconds', 'From the question to the whole answer.', ['source']);
  const first = metrics.histogram('request_first_seconds', 'From the question to the first of the answer.', ['source']);
  const tokens = metrics.counter('tokens_total', 'Tokens of answers that providers gave.', [
    'provider',
    'model',
    'type',
  ]);
  const cost = metrics.counter(
    'cost_nano_usd_total',
    'What providers’ answers cost, in nano-dollars; refrain_spent_nano_usd_total has failed attempts too.',
    ['provider', 'model'],
  );
  const saved = metrics.counter(
    'saved_nano_usd_total',
    'What answers from elsewhere would have cost, in nano-dollars, by source.',
    ['source'],
  );
  const unpriced = metrics.counter('price_missing_total', 'Answers whose model has no price.', ['provider', 'model']);
  const cacheFailures = metrics.counter('cache_failures_total', 'Calls to the cache that failed.', ['call', 'reason']);
  const unshared = metrics.counter(
    'sharing_failures_total',
    'Calls to what routers share (flights, breakers) that failed.',
    ['reason'],
  );
  const dropped = metrics.counter('events_dropped_total', 'Events that could not be published.');
  const queued = metrics.counter('fallback_queued_total', 'Questions nobody answered that were to be queued.', [
    'outcome',
  ]);
  const revalidations = metrics.counter('revalidations_total', 'Answers past their time that were asked afresh.', [
    'outcome',
  ]);
  const evidence = metrics.counter('evidence_total', 'Evidence about semantic hits, by what became of it.', [
    'kind',
    'outcome',
  ]);
  const opened = metrics.counter('breaker_opened_total', 'Models that failed too often in a row.', [
    'provider',
    'model',
  ]);
  const spared = metrics.counter('spared_total', 'Upstream calls that were not made, and why.', ['provider', 'why']);
  const hedges = metrics.counter(
    'hedges_total',
    'Calls beside one that was slow, and those of them that spoke first.',
    ['provider', 'what'],
  );
  const spent = ({ cost: spending, provenance, usage }: Answer) => {
    if (provenance?.source !== Source.PROVIDER) return;
    const { provider, model } = provenance;
    tokens.inc({ provider, model, type: 'prompt' }, usage?.promptTokens ?? 0);
    tokens.inc({ provider, model, type: 'completion' }, usage?.completionTokens ?? 0);
    cost.inc({ provider, model }, Number(spending?.nanoUsd ?? 0n));
    if (spending?.priceMissing) unpriced.inc({ provider, model });
  };
  return {
    answered: (face, answer, took) => {
      const { provenance } = answer;
      if (!provenance) return;
      const source = sourceName(provenance.source);
      requests.inc({ face, source, code: 'ok' });
      seconds.observe(took, { source });
      const savedNano = answer.cost?.savedNanoUsd ?? 0n;
      if (savedNano > 0n) saved.inc({ source }, Number(savedNano));
      spent(answer);
    },
    failed: (face, code, took) => {
      requests.inc({ face, source: 'none', code });
      seconds.observe(took, { source: 'none' });
    },
    refused: (face, code) => requests.inc({ face, source: 'none', code }),
    began: (source, took) => first.observe(took, { source }),
    cacheFailed: (call, reason) => cacheFailures.inc({ call, reason }),
    sharingFailed: (reason) => unshared.inc({ reason }),
    eventDropped: () => dropped.inc(),
    queued: (outcome) => queued.inc({ outcome }),
    breakerOpened: (provider, model) => opened.inc({ provider, model }),
    spared: (provider, why) => spared.inc({ provider, why }),
    hedged: (provider, what) => hedges.inc({ provider, what }),
    learned: (kind, outcome, answer) => {
      evidence.inc({ kind, outcome });
      if (answer) spent(answer);
    },
    revalidated: (outcome, answer) => {
      revalidations.inc({ outcome });
      if (answer) spent(answer);
    },
  };
}
