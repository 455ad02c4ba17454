/**
 * What this router last knew of the accounts, and what it did since: the budgets by which it goes on while Redis is away. They close at
 * nine tenths, for the other routers know as little of us as we of them.
 */
import type { CallersLimits, Limits } from './limits.ts';

/** What an account had settled and held when Redis was last heard. */
export interface AccountState {
  readonly daySpent: number;
  readonly monthSpent: number;
  readonly held: number;
}

/** Whose account, and when. */
export interface AccountAt {
  /** "<tenant>/<user>", or the tenant alone. */
  readonly name: string;
  readonly day: string;
}

interface Account {
  day: string;
  daySpent: number;
  monthSpent: number;
  held: number;
  /** This router's own. */
  readonly holds: Map<string, { readonly amount: number; readonly endsAtMs: number }>;
  /** Settled here since Redis was last heard. */
  readonly settled: Set<string>;
}

/** Of the limit; the rest is what others may have spent meanwhile. */
export const shareWithoutRedis = 0.9;
/** About 3 MB. */
const mostAccounts = 10_000;

/** The accounts as this router knows them. */
export class Mirror {
  readonly #accounts: Map<string, Account> = new Map();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Redis said so; it includes what this router holds. */
  heard(at: AccountAt, state: AccountState): void {
    const account = this.#account(at);
    Object.assign(account, state);
    account.settled.clear();
  }

  /** Redis knows of it too, so its amount is in what was heard. */
  remember(at: AccountAt, hold: { attemptId: string; amount: number; endsAtMs: number }): void {
    this.#account(at).holds.set(hold.attemptId, hold);
  }

  /** Holds an amount in both accounts, or says what has run out. */
  hold(
    accounts: { readonly user: AccountAt; readonly tenant: AccountAt },
    limits: CallersLimits,
    hold: { attemptId: string; amount: number; endsAtMs: number },
  ): '' | 'user/day' | 'user/month' | 'tenant/day' | 'tenant/month' {
    const user = this.#account(accounts.user);
    const tenant = this.#account(accounts.tenant);
    const spans = ['day', 'month'] as const;
    for (const span of spans) if (!fits(user, limits.user, span, hold.amount)) return `user/${span}`;
    for (const span of spans) if (!fits(tenant, limits.tenant, span, hold.amount)) return `tenant/${span}`;
    for (const account of [user, tenant]) {
      account.held += hold.amount;
      account.holds.set(hold.attemptId, hold);
    }
    return '';
  }

  /** The attempt is over and cost so much. Whoever says so again, as its record does until Redis is back, changes nothing. */
  settle(at: AccountAt, attemptId: string, cost: number): void {
    const account = this.#account(at);
    if (account.settled.has(attemptId)) return;
    account.settled.add(attemptId);
    this.#release(account, attemptId);
    account.daySpent += cost;
    account.monthSpent += cost;
  }

  /** Redis has settled it, and what it says of the account follows. */
  forget(at: AccountAt, attemptId: string): void {
    this.#account(at).holds.delete(attemptId);
  }

  #release(account: Account, attemptId: string): void {
    const hold = account.holds.get(attemptId);
    if (hold) account.held = Math.max(0, account.held - hold.amount);
    account.holds.delete(attemptId);
  }

  #account({ name, day }: AccountAt): Account {
    let account = this.#accounts.get(name);
    if (!account) account = { day, daySpent: 0, monthSpent: 0, held: 0, holds: new Map(), settled: new Set() };
    // The one used last stands last.
    this.#accounts.delete(name);
    this.#accounts.set(name, account);
    if (day > account.day) {
      if (day.slice(0, 7) !== account.day.slice(0, 7)) account.monthSpent = 0;
      account.daySpent = 0;
      account.day = day;
    }
    const now = this.#now();
    for (const [attemptId, { endsAtMs }] of account.holds) if (endsAtMs <= now) this.#release(account, attemptId);
    const [eldest] = this.#accounts.keys();
    if (this.#accounts.size > mostAccounts && eldest !== undefined) this.#accounts.delete(eldest);
    return account;
  }
}

function fits(account: Account, limits: Limits, span: keyof Limits, amount: number): boolean {
  const spent = span === 'day' ? account.daySpent : account.monthSpent;
  return spent + account.held + amount <= limits[span] * shareWithoutRedis;
}
