/**
 * Settles what no router has: an attempt whose caller left, or whose router died, is known by its worker's usage record alone. Routers
 * share the reading. Most records were settled before; then their mark is left to end soon, for its record has come.
 */
import { fromBinary } from '@bufbuild/protobuf';
import type { Bus, Subscription } from '@refrain/bus';
import { type UsageRecord, UsageRecordSchema, usageStream } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { costNanoUsd, isFree } from '@refrain/judgement';
import type { Settings } from '../settings.ts';
import type { Budgets, Settlement } from './budgets.ts';
import type { BudgetMetrics } from './metrics.ts';

/** What it stands on. */
export interface SettleRecordsParts {
  readonly bus: Pick<Bus, 'takeBatches'>;
  readonly budgets: Pick<Budgets, 'settledAll'>;
  readonly settings: () => Settings;
  readonly metrics: Pick<BudgetMetrics, 'failed'>;
}

const batch = 500;
/** A record that nobody has acknowledged comes again after this. */
const ackWaitMs = 30_000;
/** Longer than a record may come again after its acknowledgement was lost. */
const rememberMs = 3_600_000;

/** Reads until `drain`. */
export function settleRecords({ bus, budgets, metrics, settings }: SettleRecordsParts): Subscription {
  return bus.takeBatches(usageStream, { name: 'budgets', ackWaitMs, batch }, async (records) => {
    const settlements = records.flatMap((data) => {
      const record = read(data, metrics);
      return (record && toSettlement(record, settings())) ?? [];
    });
    try {
      const byTenant = Map.groupBy(settlements, ({ tenant }) => tenant);
      await Promise.all([...byTenant].map(([tenant, each]) => budgets.settledAll(tenant, each, rememberMs)));
      return 'done';
    } catch (thrown) {
      // Redis is away: all of them come again, and those that were settled do nothing then.
      if (thrown instanceof RefrainError) return { retryMs: 2000 };
      throw thrown;
    }
  });
}

/** Undefined for what is no record: it must not take the others of its batch with it, which would then be paid by nobody. */
function read(data: Uint8Array, metrics: SettleRecordsParts['metrics']): UsageRecord | undefined {
  try {
    return fromBinary(UsageRecordSchema, data);
  } catch {
    metrics.failed('settle', 'MALFORMED');
    return undefined;
  }
}

/** Undefined for what costs nothing by its model's price. */
function toSettlement(record: UsageRecord, { mesh }: Settings): Settlement | undefined {
  const { attemptId, tenant, user, provider, model, usage, finishedAtMs } = record;
  const known = Object.hasOwn(mesh.providers, provider) ? mesh.providers[provider]?.models : undefined;
  const own = known?.find(({ name }) => name === model)?.price;
  if (own && isFree(own)) return undefined;
  const nanoUsd = usage ? costNanoUsd(usage, own ?? mesh.money.fallbackPrice) : 0n;
  const whose = { attemptId, tenant, user, provider, model, unpriced: !own };
  return { ...whose, nanoUsd, atMs: Number(finishedAtMs), rememberMs };
}
