/** A model without a price is an alarm: counted at each attempt, told to operators once an hour. */
import type { RaiseAlert } from '@refrain/bus';
import type { BudgetMetrics } from './metrics.ts';

/** What it is raised with. */
export interface PriceAlarmParts {
  readonly raise: RaiseAlert;
  readonly metrics: Pick<BudgetMetrics, 'unpriced'>;
}

/** Gives the function that hears of each attempt at such a model. It never throws, and nobody waits for it. */
export function createPriceAlarm({ metrics, raise }: PriceAlarmParts): (provider: string, model: string) => void {
  return (provider, model) => {
    metrics.unpriced(provider, model);
    const text = `The model ${provider}/${model} has no price: budgets take it for the fallback price.`;
    raise(`price:${provider}/${model}`, { kind: 'price', provider, text });
  };
}
