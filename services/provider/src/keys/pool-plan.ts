/** What a pool decides by, beside its records: made once for each set of keys, and sent along with each lease as it stands. */
import type { ProviderConfig } from '@refrain/service';
import type { KeyGroup, PooledKey } from './key-set.ts';

/** Limits of a group: requests a minute and a day, tokens a minute and a day, at once, weight; 0 is none. */
export type GroupLimits = readonly [
  requestsPerMinute: number,
  requestsPerDay: number,
  tokensPerMinute: number,
  tokensPerDay: number,
  concurrency: number,
  weight: number,
];

/** What does not change from lease to lease. */
export interface PoolPlan {
  readonly strategy: ProviderConfig['strategy'];
  /** Calls at once over all keys. */
  readonly concurrency: number;
  /** The share of a quota from which on other keys are preferred. */
  readonly threshold: number;
  readonly limits: readonly GroupLimits[];
  /** Keys of our own region first, then the others: hash and the letter of its group, 13 characters each. */
  readonly tiers: readonly string[];
}

const letterA = 65;

/** Makes the plan. At most 26 groups. */
export function toPlan(
  config: Pick<ProviderConfig, 'strategy' | 'concurrency'>,
  keys: readonly PooledKey[],
  options: { readonly region?: string | undefined; readonly threshold: number },
): PoolPlan {
  const groups = [...new Set(keys.map(({ group }) => group))];
  const isNear = ({ group }: PooledKey) => options.region !== undefined && group.region === options.region;
  const listed = (some: readonly PooledKey[]) =>
    some.map(({ id, group }) => id + String.fromCharCode(letterA + groups.indexOf(group))).join('');
  const { strategy, concurrency } = config;
  const tiers = [keys.filter(isNear), keys.filter((key) => !isNear(key))].filter((tier) => tier.length > 0).map(listed);
  return { strategy, concurrency, threshold: options.threshold, limits: groups.map(toLimits), tiers };
}

function toLimits({ limits, weight }: KeyGroup): GroupLimits {
  const { requestsPerMinute, requestsPerDay, tokensPerMinute, tokensPerDay, concurrency } = limits;
  return [
    requestsPerMinute ?? 0,
    requestsPerDay ?? 0,
    tokensPerMinute ?? 0,
    tokensPerDay ?? 0,
    concurrency ?? 0,
    weight,
  ];
}
