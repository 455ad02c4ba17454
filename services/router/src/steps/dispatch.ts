/**
 * Steps 7 and 8: ask, and if that fails ask the next. Nothing is told before the first piece of an answer is there, so until then
 * every failure is clean. No provider, model and key is tried twice, but for one retry after a broken connection or a 5xx. Each attempt
 * needs a permit: a model whose breaker is open, and a provider that answers too few, are passed over. Where an operator wants it, a second
 * route is asked beside one that is slow.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Plan } from '@refrain/judgement';
import { AttemptBudget, fullJitter } from '@refrain/resilience';
import type { Question } from '../ask.ts';
import type { AttemptBus } from '../attempt/attempt.ts';
import { Failures } from '../attempt/failures.ts';
import { attemptsLeft, type Hop, type KeyWishes, type Run } from '../attempt/run.ts';
import { Spending } from '../attempt/spending.ts';
import { tryOnce } from '../attempt/try-once.ts';
import type { PaymentParts } from '../budgets/payments.ts';
import type { Lease } from '../flights/flight-records.ts';
import type { ProviderHealth } from '../health/provider-health.ts';
import { tryBeside } from './beside.ts';
import type { FlightEvent } from './coalesce.ts';
import { hedgeDelayMs, mayHedge } from './hedge.ts';

/** Faults of a key, or of the account behind it: another key may be better off. All else is the provider's, whatever the key. */
const keyFaults: ReadonlySet<string> = new Set(['upstream_exhausted', 'upstream_denied']);
/** Reasons that may be gone a moment later. */
const passing: ReadonlySet<string> = new Set(['CONNECTION_FAILED', 'UPSTREAM_FAILED', 'WORKER_GONE', 'WORKER_SILENT']);
const retryWithinMs = 100;

/** What asking needs; without `payments` nothing is held or booked. */
export interface DispatchParts {
  readonly bus: AttemptBus;
  readonly health: ProviderHealth;
  readonly lease?: Pick<Lease, 'announce'> | undefined;
  readonly payments?: PaymentParts | undefined;
}

/**
 * Asks route by route and yields the first answer that comes.
 * @throws RefrainError `midstream` when an answer breaks off; else the weightiest failure when no route is left.
 */
export async function* dispatch(
  plan: Pick<Plan, 'routes' | 'local' | 'reason'>,
  question: Question,
  signal: AbortSignal,
  { bus, health, lease, payments }: DispatchParts,
): AsyncGenerator<FlightEvent> {
  const budget = new AttemptBudget(question.settings.mesh.limits.attempts);
  const spending = new Spending();
  const keys = new Map<string, Set<string>>();
  const account = { budget, spending, payments, routes: plan.routes };
  const parts = { question, signal, bus, health, lease, ...account, failures: new Failures(), keys };
  const run: Run = mayHedge(question) ? { ...parts, beside: { hops: 0, untaken: new Set() } } : parts;
  health.began();
  const left: Hop[] = [
    ...plan.routes.map((route) => ({ ...route, reason: plan.reason, degraded: false })),
    ...plan.local.map((route) => ({ ...route, reason: 'fallback:local', degraded: true })),
  ];
  for (let hop = left.shift(); hop; hop = left.shift()) {
    const delayMs = run.beside && hedgeDelayMs(hop, run.question, run.health);
    if (yield* delayMs === undefined ? tryHop(hop, run) : tryBeside(hop, { left, delayMs, tryHop }, run)) return;
  }
  throw run.failures.weightiest();
}

/** Tries one model with as many keys as are worth it; true when it answered. */
async function* tryHop(hop: Hop, run: Run): AsyncGenerator<FlightEvent, boolean> {
  const { limits } = run.question.settings.mesh;
  const used = run.keys.get(hop.provider) ?? new Set<string>();
  run.keys.set(hop.provider, used);
  const asked = new Set<string>();
  let keys: KeyWishes = { excluded: [], preferred: '' };
  let retried = false;
  while (attemptsLeft(run) > 0 && used.size < limits.keysPerProvider) {
    const failure = yield* tryOnce(hop, keys, run);
    if (!failure) return true;
    const { error, progress } = failure;
    if (progress.keyId !== '') for (const each of [used, asked]) each.add(progress.keyId);
    // Another that was asked beside it is its next try.
    if (run.beside && run.beside.hops > 1) return false;
    const isKeys = progress.accepted && progress.otherKeys && keyFaults.has(error.code);
    const isRetry: boolean = !isKeys && !retried && passing.has(error.reason);
    if (!isKeys && !(isRetry && run.health.mayRetry(hop.provider, limits))) return false;
    // The provider itself failed, not the key: it stays. Else no key that was asked here is asked again.
    keys = isRetry
      ? { excluded: [...keys.excluded], preferred: progress.keyId }
      : { excluded: [...asked], preferred: '' };
    retried ||= isRetry;
    if (isRetry) await delay(fullJitter(0, retryWithinMs, retryWithinMs), undefined, { signal: run.signal });
  }
  return false;
}
