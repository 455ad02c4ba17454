/**
 * The accounts of users and tenants. Before a priced attempt of a caller with a budget, what it may cost is held back in one visit to
 * Redis; when it is over, what it did cost is settled in the background, once for each attempt, whoever says so first: the router that
 * heard the worker, or the one that reads the worker's record. A hold outlives its deadline and then ends by itself.
 */
import { RefrainError, toRefrainError } from '@refrain/errors';
import { answerIsOut } from '@refrain/resilience';
import type { MeshConfig } from '@refrain/service';
import { type SpendKind, type State, spendField, spendKeptMs, spendKey, utcDay } from '@refrain/state';
import type { Caller } from '../caller.ts';
import type { BudgetAlarm } from './budget-alarm.ts';
import { type CallersLimits, isLimited, limitsOf } from './limits.ts';
import type { BudgetMetrics } from './metrics.ts';
import { type AccountState, Mirror } from './mirror.ts';
import { holdScript, marksScript, settleScript } from './scripts.ts';

/** What an attempt may cost, and of whom. */
export interface HoldRequest {
  readonly attemptId: string;
  readonly caller: Caller;
  readonly nanoUsd: bigint;
  readonly remainingMs: number;
  readonly mesh: MeshConfig;
}

/** What an attempt did cost. */
export interface Settlement {
  readonly attemptId: string;
  readonly tenant: string;
  readonly user: string;
  readonly provider: string;
  readonly model: string;
  readonly nanoUsd: bigint;
  /** At the fallback price: the model has none. */
  readonly unpriced: boolean;
  /** Less than the dearest model of its plan would have cost. */
  readonly savedNanoUsd?: bigint | undefined;
  readonly atMs: number;
  /** How long it is remembered that it was settled. */
  readonly rememberMs: number;
  /** Where something was held for it. */
  readonly limits?: CallersLimits | undefined;
}

/** What budgets stand on. */
export interface BudgetsParts {
  readonly state: Pick<State, 'script'>;
  readonly metrics: BudgetMetrics;
  readonly onStanding?: BudgetAlarm;
  readonly now?: () => number;
}

/** Beyond the deadline: the silence after which a worker stops, and the time its record takes. */
const graceMs = 60_000;
/** A day more than a month. */
const accountMs = 32 * 86_400_000;

/** Keeps the accounts. */
export class Budgets {
  readonly #metrics: BudgetMetrics;
  readonly #now: () => number;
  readonly #mirror: Mirror;
  readonly #hold: ReturnType<State['script']>;
  readonly #settle: ReturnType<State['script']>;
  readonly #marks: ReturnType<State['script']>;
  readonly #settling: Set<Promise<unknown>> = new Set();
  readonly #onStanding: BudgetAlarm | undefined;

  constructor({ state, metrics, now = Date.now, onStanding }: BudgetsParts) {
    this.#metrics = metrics;
    this.#onStanding = onStanding;
    this.#now = now;
    this.#mirror = new Mirror(now);
    this.#hold = state.script(holdScript);
    this.#settle = state.script(settleScript);
    this.#marks = state.script(marksScript);
  }

  /**
   * Holds back what an attempt may cost. Undefined where nothing has to be: it costs nothing, or its caller has no limit.
   * @throws RefrainError `budget` (BUDGET_EXHAUSTED) where it is more than is left
   */
  hold(request: HoldRequest): Promise<void> | undefined {
    if (request.nanoUsd === 0n) return undefined;
    const limits = limitsOf(request.caller, request.mesh);
    return isLimited(limits) ? this.#holdBack(request, limits) : undefined;
  }

  async #holdBack(request: HoldRequest, limits: CallersLimits): Promise<void> {
    const { attemptId, caller, remainingMs } = request;
    const day = utcDay(this.#now());
    const amount = Number(request.nanoUsd);
    const holdMs = Math.ceil(remainingMs) + graceMs;
    const hold = { attemptId, amount, endsAtMs: this.#now() + holdMs };
    const accounts = accountsOf(caller, day);
    let out: string;
    try {
      const all = [limits.user.day, limits.user.month, limits.tenant.day, limits.tenant.month];
      const numbers = all.map((limit) => (Number.isFinite(limit) ? limit : -1));
      const args = [attemptId, amount, day, day.slice(0, 7), holdMs, ...numbers, accountMs];
      const [why, ...figures] = (await this.#hold(accountKeys(caller), args)) as string[];
      out = why ?? '';
      this.#heard(accounts, figures, limits, out === '' ? 0 : amount);
      if (out === '') for (const at of [accounts.user, accounts.tenant]) this.#mirror.remember(at, hold);
    } catch (thrown) {
      this.#metrics.failed('hold', toRefrainError(thrown).reason);
      out = this.#mirror.hold(accounts, limits, hold);
    }
    if (out === '') return;
    this.#metrics.refused(out);
    throw exhausted(out);
  }

  /** Books what an attempt cost, once its answer is on its way; comes back at once. Where Redis is away the worker's record is settled later. */
  settle(settlement: Settlement): void {
    // A burst is over in a second; what waits longer than that waits for a Redis that is away, and fails at once.
    const settling = answerIsOut()
      .then(() => this.settled(settlement))
      .catch((thrown: unknown) => {
        this.#metrics.failed('settle', toRefrainError(thrown).reason);
      });
    this.#settling.add(settling);
    void settling.finally(() => this.#settling.delete(settling));
  }

  /** The same, and waits. Whether it was news. @throws RefrainError while Redis is away; this router counts it all the same */
  async settled(settlement: Settlement): Promise<boolean> {
    const { attemptId, tenant, user, nanoUsd, atMs, limits, rememberMs } = settlement;
    const day = utcDay(atMs);
    const accounts = accountsOf({ tenant, user }, day);
    const keys = [markKey(tenant, attemptId), ...accountKeys({ tenant, user }), spendKey(tenant, day)];
    const args = [attemptId, `${nanoUsd}`, day, day.slice(0, 7), rememberMs, accountMs, spendKeptMs];
    let reply: (string | number)[];
    try {
      reply = (await this.#settle(keys, [...args, ...sums(settlement)])) as (string | number)[];
    } catch (thrown) {
      this.#countedHere(settlement);
      throw thrown;
    }
    const [isNews, ...figures] = reply;
    this.#bookedThere(settlement);
    if (isNews !== 1) return false;
    this.#heard(accounts, figures.map(String), limits);
    this.#count(settlement);
    return true;
  }

  /**
   * Settles what the records of one tenant's attempts say, and waits. Nearly all of them were settled by their routers: all marks are
   * looked at in one visit, and then end when these settlements say. @throws RefrainError while Redis is away
   */
  async settledAll(tenant: string, settlements: readonly Settlement[], rememberMs: number): Promise<void> {
    const marks = settlements.map(({ attemptId }) => markKey(tenant, attemptId));
    let stand: number[];
    try {
      stand = (await this.#marks(marks, [rememberMs])) as number[];
    } catch (thrown) {
      for (const each of settlements) this.#countedHere(each);
      throw thrown;
    }
    await Promise.all(settlements.map((each, i) => (stand[i] === 1 ? this.#bookedThere(each) : this.settled(each))));
  }

  /** Redis is away. */
  #countedHere({ attemptId, nanoUsd, ...whose }: Settlement): void {
    const { tenant, user } = accountsOf(whose, utcDay(whose.atMs));
    for (const at of [user, tenant]) this.#mirror.settle(at, attemptId, Number(nanoUsd));
  }

  /** What this router held for it is in what it hears of the account. */
  #bookedThere({ attemptId, ...whose }: Settlement): void {
    const { tenant, user } = accountsOf(whose, utcDay(whose.atMs));
    for (const at of [user, tenant]) this.#mirror.forget(at, attemptId);
  }

  #count({ provider, model, nanoUsd, savedNanoUsd = 0n, unpriced }: Settlement): void {
    if (nanoUsd > 0n) this.#metrics.spent(provider, model, unpriced ? 'unpriced' : 'spent', nanoUsd);
    if (savedNanoUsd > 0n) this.#metrics.saved('routing', savedNanoUsd);
  }

  #heard(
    accounts: ReturnType<typeof accountsOf>,
    figures: readonly string[],
    limits: CallersLimits | undefined,
    refusedNanoUsd = 0,
  ): void {
    const [day, month, held, tenantDay, tenantMonth, tenantHeld] = figures.map(Number);
    const states = { user: toState(day, month, held), tenant: toState(tenantDay, tenantMonth, tenantHeld) };
    for (const kind of ['user', 'tenant'] as const) {
      this.#mirror.heard(accounts[kind], states[kind]);
      if (limits)
        this.#onStanding?.({ ...accounts[kind], kind, state: states[kind], limits: limits[kind], refusedNanoUsd });
    }
  }

  /** Waits until what is settled in the background is, or has failed. */
  async drain(): Promise<void> {
    await Promise.all(this.#settling);
  }
}

function sums({ user, provider, model, nanoUsd, savedNanoUsd = 0n, unpriced }: Settlement): string[] {
  const field = (kind: SpendKind) => spendField({ user, provider, model, kind });
  return [
    ...(nanoUsd > 0n ? [field(unpriced ? 'unpriced' : 'spent'), `${nanoUsd}`] : []),
    ...(savedNanoUsd > 0n ? [field('routing'), `${savedNanoUsd}`] : []),
  ];
}

const prefixOf = (tenant: string) => `refrain:budget:{${tenant}}:`;

const markKey = (tenant: string, attemptId: string) => `${prefixOf(tenant)}settled:${attemptId}`;

function accountKeys({ tenant, user }: Pick<Caller, 'tenant' | 'user'>): string[] {
  const prefix = prefixOf(tenant);
  return [`${prefix}user:${user}`, `${prefix}holds:${user}`, `${prefix}tenant`, `${prefix}tenant-holds`];
}

function accountsOf({ tenant, user }: Pick<Caller, 'tenant' | 'user'>, day: string) {
  return { user: { name: `${tenant}/${user}`, day }, tenant: { name: tenant, day } };
}

function toState(daySpent = 0, monthSpent = 0, held = 0): AccountState {
  return { daySpent, monthSpent, held };
}

function exhausted(what: string): RefrainError {
  const [whose = 'user', span = 'day'] = what.split('/');
  const name = whose === 'user' ? 'The budget' : 'The tenant’s budget';
  const message = `${name} of this ${span} (UTC) does not cover what the request may cost; with a lower max_tokens or by a cheaper model it may.`;
  return new RefrainError('budget', message, { reason: 'BUDGET_EXHAUSTED' });
}
