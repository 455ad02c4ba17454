/** Operators hear when a user's or a tenant's budget comes to its end: at four fifths, and when it covers no more. Once for each day or month. */
import type { RaiseAlert } from '@refrain/bus';
import type { Limits } from './limits.ts';
import type { AccountState } from './mirror.ts';

/** How an account stands, as Redis has just said. */
export interface Standing {
  readonly kind: 'user' | 'tenant';
  /** "<tenant>/<user>", or the tenant alone. */
  readonly name: string;
  /** UTC, as `2026-11-25`. */
  readonly day: string;
  readonly state: AccountState;
  readonly limits: Limits;
  /** What a request might have cost that was refused; 0 where none was. */
  readonly refusedNanoUsd: number;
}

/** Hears of each visit to an account with a limit. It never throws, and nobody waits for it. */
export type BudgetAlarm = (standing: Standing) => void;

const nearShare = 0.8;
/** As long as the period may last: the next one is another cause. */
const quietMs = { day: 86_400_000, month: 31 * 86_400_000 } as const;

/** Gives the alarm. A budget that was raised is told of anew. */
export function createBudgetAlarm(raise: RaiseAlert): BudgetAlarm {
  return ({ day, kind, limits, name, refusedNanoUsd, state }) => {
    for (const span of ['day', 'month'] as const) {
      const limit = limits[span];
      const spent = span === 'day' ? state.daySpent : state.monthSpent;
      if (!(limit > 0 && Number.isFinite(limit))) continue;
      const isSpent = spent >= limit || isNotCovered(refusedNanoUsd, spent, limit);
      if (!isSpent && spent < nearShare * limit) continue;
      const period = span === 'day' ? day : day.slice(0, 7);
      const percent = Math.floor((100 * spent) / limit);
      const what = isSpent ? 'covers no more requests' : `is spent by more than ${nearShare * 100} %`;
      const text = `The ${span} budget of the ${kind} ${name} ${what} in ${period} (UTC): ${percent} % are spent.`;
      const cause = `budget:${isSpent ? 'spent' : 'near'}:${kind}:${name}:${period}:${limit}`;
      raise(cause, { kind: 'budget', text, quietMs: quietMs[span] });
    }
  };
}

/** Not what is held for others at the moment, and not a request that the whole budget would not cover. */
function isNotCovered(nanoUsd: number, spent: number, limit: number): boolean {
  return nanoUsd > 0 && nanoUsd <= limit && spent + nanoUsd > limit;
}
