/** Each attempt is paid for: held back before it begins, settled when its usage is told, given back where it cost nothing. */
import type { Usage } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { costNanoUsd, isFree, type PlannedRoute, upperCostNanoUsd } from '@refrain/judgement';
import type { Question } from '../ask.ts';
import { type AttemptEvent, AttemptFailure } from '../attempt/attempt.ts';
import type { Budgets, Settlement } from './budgets.ts';
import { limitsOf } from './limits.ts';

/** An attempt that is about to be made. */
export interface Payment {
  readonly attemptId: string;
  readonly hop: PlannedRoute;
  /** All that the plan has: what the dearest of them would have cost is what routing saves against. */
  readonly routes: readonly PlannedRoute[];
  readonly question: Question;
}

/** What paying needs. */
export interface PaymentParts {
  readonly budgets: Pick<Budgets, 'hold' | 'settle'>;
  /** Hears of each attempt at a model without a price that a worker has taken. */
  readonly onUnpriced: (provider: string, model: string) => void;
  readonly now?: () => number;
}

/** As long as the workers' records are kept: until then one may come and must find its attempt settled. */
const rememberMs = 7 * 86_400_000;

/** The attempt's events, paid for. @throws AttemptFailure with `budget` before anything is asked, where there is not enough left */
export async function* paid(
  events: AsyncIterable<AttemptEvent>,
  payment: Payment,
  parts: PaymentParts,
): AsyncGenerator<AttemptEvent> {
  const { attemptId, hop, question } = payment;
  const { caller, chat, deadline } = question;
  const { mesh } = question.settings;
  const price = hop.price ?? mesh.money.fallbackPrice;
  if (isFree(price)) return yield* events;
  const nanoUsd = upperCostNanoUsd(chat, price, mesh.limits.maxTokens);
  const held = parts.budgets.hold({ attemptId, caller, nanoUsd, remainingMs: deadline.remainingMs(), mesh });
  // A caller without a limit waits for nothing.
  if (held) await held.catch(refuse);
  let isSettled = false;
  const settle = (usage: Usage | undefined) => {
    if (isSettled) return;
    isSettled = true;
    const limits = held && limitsOf(caller, mesh);
    parts.budgets.settle({ ...toSettlement(usage, payment, parts.now ?? Date.now), limits });
  };
  try {
    for await (const event of events) {
      if (event.case === 'accepted' && !hop.price) parts.onUnpriced(hop.provider, hop.model);
      if (event.case === 'usage') settle(event.value);
      if (event.case === 'final') settle(event.value.usage);
      yield event;
    }
  } catch (thrown) {
    // Without a word of its worker, or after the caller has left, it may have cost something: the worker's record will say.
    if (thrown instanceof AttemptFailure && (thrown.told || thrown.error.reason === 'NO_RESPONDERS')) settle(undefined);
    throw thrown;
  }
}

function toSettlement(usage: Usage | undefined, payment: Payment, now: () => number): Settlement {
  const { attemptId, hop, question, routes } = payment;
  const { provider, model } = hop;
  const { tenant, user } = question.caller;
  const price = hop.price ?? question.settings.mesh.money.fallbackPrice;
  const nanoUsd = usage ? costNanoUsd(usage, price) : 0n;
  const whose = { attemptId, tenant, user, provider, model, unpriced: !hop.price, atMs: now(), rememberMs };
  return { ...whose, nanoUsd, ...(hop.price && usage && { savedNanoUsd: dearest(usage, routes) - nanoUsd }) };
}

function dearest(usage: Usage, routes: readonly PlannedRoute[]): bigint {
  let most = 0n;
  for (const { price } of routes) {
    const cost = price ? costNanoUsd(usage, price) : 0n;
    if (cost > most) most = cost;
  }
  return most;
}

const notAsked = { accepted: false, spoke: false, keyId: '', otherKeys: false };

function refuse(thrown: unknown): never {
  throw thrown instanceof RefrainError ? new AttemptFailure(thrown, notAsked) : thrown;
}
