/** A provider's health without Redis, as a router has it that runs alone. */
import type { Clock } from '@refrain/resilience';
import { Breakers } from '../src/health/breakers.ts';
import type { SharedBreakers } from '../src/health/breakers-shared.ts';
import { ProviderHealth } from '../src/health/provider-health.ts';
import { recordedMetrics } from './recorded-metrics.ts';

/** Nobody else is there to share with. */
const alone: SharedBreakers = {
  open: async () => undefined,
  close: async () => undefined,
  failed: async () => 1,
  claim: async () => 0,
  read: async () => new Map(),
};

/** Healthy providers; what is counted of them stands in `lines`. */
export function newHealth(
  options: { clock?: Clock; random?: () => number; onUnserved?: (provider: string) => void } = {},
) {
  const metrics = recordedMetrics();
  const onFault = (error: unknown) => {
    throw error;
  };
  const breakers = new Breakers({ shared: alone, onFault, ...options });
  return { health: new ProviderHealth({ breakers, metrics, ...options }), lines: metrics.lines };
}
