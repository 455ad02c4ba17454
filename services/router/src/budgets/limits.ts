import type { MeshConfig } from '@refrain/service';
import type { Caller } from '../caller.ts';

/** What may be spent in nano-dollars; Infinity where there is no limit. */
export interface Limits {
  readonly day: number;
  readonly month: number;
}

/** What a caller may spend, and what all of its tenant may spend together. */
export interface CallersLimits {
  readonly user: Limits;
  readonly tenant: Limits;
}

type Amount = number | 'unlimited';

/**
 * The nearest word counts, for the day and the month each: the user's own, the tenant's for its users, the tier's, the mesh's. Where no
 * key is needed everybody is the operator, on loopback: there the mesh's default binds nobody.
 */
export function limitsOf({ tenant, user, tier }: Caller, { keys, money, tiers }: MeshConfig): CallersLimits {
  const { budgets, perUsd } = money;
  const toNano = (amount: Amount) =>
    amount === 'unlimited' ? Number.POSITIVE_INFINITY : Math.floor((amount * 1e9) / perUsd);
  const ofTenant = Object.hasOwn(budgets.tenants, tenant) ? budgets.tenants[tenant] : undefined;
  const name = `${tenant}/${user}`;
  const ofUser = Object.hasOwn(budgets.users, name) ? budgets.users[name] : undefined;
  const nearest = (span: 'day' | 'month'): Amount =>
    ofUser?.[span] ??
    ofTenant?.user?.[span] ??
    tiers[tier].budget?.[span] ??
    (keys.length === 0 ? 'unlimited' : budgets.user[span]);
  return {
    user: { day: toNano(nearest('day')), month: toNano(nearest('month')) },
    tenant: { day: toNano(ofTenant?.day ?? 'unlimited'), month: toNano(ofTenant?.month ?? 'unlimited') },
  };
}

/** Whether any of them is a limit. */
export function isLimited({ user, tenant }: CallersLimits): boolean {
  return [user.day, user.month, tenant.day, tenant.month].some(Number.isFinite);
}
