import type { PlannedRoute } from '@refrain/judgement';
import type { Question } from '../ask.ts';
import type { PaymentParts } from '../budgets/payments.ts';
import type { Lease } from '../flights/flight-records.ts';
import type { ProviderHealth } from '../health/provider-health.ts';
import type { Account } from './answering.ts';
import type { AttemptBus } from './attempt.ts';
import type { Failures } from './failures.ts';

/** One request's way over its routes. */
export interface Run extends Account {
  readonly question: Question;
  readonly signal: AbortSignal;
  readonly bus: AttemptBus;
  readonly health: ProviderHealth;
  readonly failures: Failures;
  /** Provider to the keys this request has used there, over all its models. */
  readonly keys: Map<string, Set<string>>;
  /** Where other routers read who has the attempt. */
  readonly lease: Pick<Lease, 'announce'> | undefined;
  readonly payments: PaymentParts | undefined;
  readonly routes: readonly PlannedRoute[];
  /** Where a slow attempt may get company: all of the request's that are under way. */
  readonly beside?: Beside;
}

/** What is under way side by side. */
export interface Beside {
  /** Hops that are being tried. */
  hops: number;
  /** Attempts that no worker has taken yet: the budget does not know of them. */
  readonly untaken: Set<string>;
}

/** A route that is tried, and why. */
export type Hop = PlannedRoute & { readonly reason: string; readonly degraded: boolean };

/** Which of a provider's keys an attempt may have. */
export interface KeyWishes {
  readonly excluded: readonly string[];
  readonly preferred: string;
}

/** Attempts that the request still has. */
export function attemptsLeft({ beside, budget, question }: Run): number {
  return question.settings.mesh.limits.attempts - budget.used - (beside?.untaken.size ?? 0);
}
