import type { Classification } from '@refrain/contracts';
import { complexityName, taskName } from './names.ts';

/** A rule of `cache.lifetimes`. */
export interface LifetimeRule {
  readonly when: {
    readonly tenant?: readonly string[] | undefined;
    readonly model?: readonly string[] | undefined;
    readonly task?: readonly string[] | undefined;
    readonly complexity?: readonly string[] | undefined;
    readonly volatile?: boolean | undefined;
  };
  readonly exactSeconds?: number | undefined;
  readonly semanticSeconds?: number | undefined;
}

/** What the cache section of `refrain.yaml` says of lifetimes. */
export interface LifetimeTable {
  readonly lifetimes: readonly LifetimeRule[];
  readonly exact: { readonly ttlSeconds: number };
  readonly semantic: { readonly ttlSeconds: number };
  readonly staleSeconds: number;
}

/** What decides how long an answer lives. */
export interface Lived {
  readonly tenant: string;
  /** As it was asked for, and as "<provider>/<model>" that answered. */
  readonly models: readonly string[];
  readonly classification: Classification;
  /** The caller's wish. */
  readonly ttlSeconds?: number | undefined;
}

/** Seconds an answer lives on both levels: the caller's wish, as far as stale answers are kept at all, else the first rule that fits, else the default. */
export function ttlsOf(lived: Lived, table: LifetimeTable): { exact: number; semantic: number } {
  const rule = table.lifetimes.find(({ when }) => fits(when, lived));
  const exact = rule?.exactSeconds ?? table.exact.ttlSeconds;
  const semantic = rule?.semanticSeconds ?? table.semantic.ttlSeconds;
  if (lived.ttlSeconds === undefined) return { exact, semantic };
  const wish = Math.min(lived.ttlSeconds, Math.max(table.staleSeconds, exact));
  return { exact: wish, semantic: wish };
}

function fits(when: LifetimeRule['when'], { tenant, models, classification }: Lived): boolean {
  const isOneOf = (wanted: readonly string[] | undefined, is: readonly string[]) =>
    !wanted || wanted.some((each) => is.includes(each));
  return (
    isOneOf(when.tenant, [tenant]) &&
    isOneOf(when.model, models) &&
    isOneOf(when.task, [taskName(classification.task)]) &&
    isOneOf(when.complexity, [complexityName(classification.complexity)]) &&
    (when.volatile === undefined || when.volatile === classification.volatile)
  );
}
