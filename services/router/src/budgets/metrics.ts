import type { Metrics } from '@refrain/service';
import type { SpendKind } from '@refrain/state';

/** What is counted of money; never by user or tenant, of whom there may be any number. */
export interface BudgetMetrics {
  /** An attempt was settled by this router. */
  spent(provider: string, model: string, kind: 'spent' | 'unpriced', nanoUsd: bigint): void;
  /** What a request would have cost at the dearest model of its plan, less what it did cost. */
  saved(kind: Exclude<SpendKind, 'spent' | 'unpriced'>, nanoUsd: bigint): void;
  /** An attempt was not made: `user/day`, `user/month`, `tenant/day` or `tenant/month` has run out. */
  refused(what: string): void;
  /** A visit to the accounts in Redis failed. */
  failed(call: 'hold' | 'settle' | 'save', reason: string): void;
  /** A model without a price was asked. */
  unpriced(provider: string, model: string): void;
}

/** Registers them. */
export function createBudgetMetrics(metrics: Metrics): BudgetMetrics {
  const ofModel = ['provider', 'model'];
  const spent = metrics.counter(
    'spent_nano_usd_total',
    'What attempts cost, failed and cancelled ones too, in nano-dollars; unpriced: at the fallback price.',
    [...ofModel, 'kind'],
  );
  const saved = metrics.counter('savings_nano_usd_total', 'What was saved, in nano-dollars.', ['kind']);
  const refused = metrics.counter('budget_refusals_total', 'Attempts that no budget was left for.', ['what']);
  const failed = metrics.counter('budget_failures_total', 'Visits to the accounts that failed.', ['call', 'reason']);
  const unpriced = metrics.counter('price_missing_attempts_total', 'Attempts at models without a price.', ofModel);
  return {
    spent: (provider, model, kind, nanoUsd) => spent.inc({ provider, model, kind }, Number(nanoUsd)),
    saved: (kind, nanoUsd) => saved.inc({ kind }, Number(nanoUsd)),
    refused: (what) => refused.inc({ what }),
    failed: (call, reason) => failed.inc({ call, reason }),
    unpriced: (provider, model) => unpriced.inc({ provider, model }),
  };
}
