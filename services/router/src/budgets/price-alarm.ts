/** A model without a price is an alarm: counted at each attempt, told to operators once an hour. */
import { create, toBinary, toJsonString } from '@bufbuild/protobuf';
import type { Bus } from '@refrain/bus';
import { AlertEventSchema, eventSubject, meshTenant } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import type { State } from '@refrain/state';
import type { Question } from '../ask.ts';
import type { BudgetMetrics } from './metrics.ts';

/** What it is raised with. */
export interface PriceAlarmParts {
  readonly bus: Pick<Bus, 'publish'>;
  readonly state: Pick<State, 'command'>;
  readonly metrics: Pick<BudgetMetrics, 'unpriced'>;
  readonly now?: () => number;
}

const hourMs = 3_600_000;

/** Gives the function that hears of each attempt at such a model. It never throws, and nobody waits for it. */
export function createPriceAlarm(
  parts: PriceAlarmParts,
): (provider: string, model: string, question: Question) => void {
  const { bus, metrics, now = Date.now, state } = parts;
  const raised = new Map<string, number>();
  const send = async (provider: string, model: string, encoding: 'json' | 'protobuf') => {
    if (!(await isFirst(state, `${provider}/${model}`))) return;
    const text = `The model ${provider}/${model} has no price: budgets take it for the fallback price.`;
    const event = create(AlertEventSchema, { kind: 'price', provider, text, atMs: BigInt(now()) });
    const isJson = encoding === 'json';
    const bytes = isJson ? Buffer.from(toJsonString(AlertEventSchema, event)) : toBinary(AlertEventSchema, event);
    const headers = { 'content-type': isJson ? 'application/json' : 'application/protobuf' };
    try {
      bus.publish(eventSubject(meshTenant, 'alert'), bytes, { headers });
    } catch (error) {
      // NATS is away: the metric has it, and the next hour tells it again.
      if (!(error instanceof RefrainError)) throw error;
    }
  };
  return (provider, model, { settings }) => {
    metrics.unpriced(provider, model);
    const name = `${provider}/${model}`;
    if (now() - (raised.get(name) ?? Number.NEGATIVE_INFINITY) < hourMs) return;
    raised.set(name, now());
    void send(provider, model, settings.mesh.events.encoding);
  };
}

/** While Redis is away each router tells for itself: rather twice than not at all. */
async function isFirst(state: Pick<State, 'command'>, name: string): Promise<boolean> {
  try {
    return (await state.command('SET', `refrain:alert:price:${name}`, 1, 'PX', hourMs, 'NX')) === 'OK';
  } catch (error) {
    if (error instanceof RefrainError) return true;
    throw error;
  }
}
