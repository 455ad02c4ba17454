/** What was spent and saved, by day, tenant, user, provider and model: one hash in Redis for each tenant and day (UTC). */
import type { State } from './state.ts';

/**
 * What a sum is of, in nano-dollars: `spent` at known prices; `unpriced` what attempts at models without a price are taken for; saved by
 * answers from the `cache`, by `routing` to a cheaper model than the dearest of the plan, by `coalescing`.
 */
export type SpendKind = 'spent' | 'unpriced' | 'cache' | 'routing' | 'coalescing';

/** One sum. */
export interface SpendRecord {
  readonly tenant: string;
  /** 2026-11-25, in UTC. */
  readonly day: string;
  readonly user: string;
  readonly provider: string;
  readonly model: string;
  readonly kind: SpendKind;
  readonly nanoUsd: bigint;
}

/** How long a day's sums are kept after the last change. */
export const spendKeptMs: number = 400 * 86_400_000;

const prefix = 'refrain:spend:';

/** The hash of a tenant's day; it lies with the tenant's budgets in a cluster. */
export function spendKey(tenant: string, day: string): string {
  return `${prefix}{${tenant}}:${day}`;
}

/** The field of a sum. */
export function spendField({ user, provider, model, kind }: Omit<SpendRecord, 'tenant' | 'day' | 'nanoUsd'>): string {
  return JSON.stringify([user, provider, model, kind]);
}

const dayMs = 86_400_000;
/** Asked for several times a request, and the same for a day. */
let last = { day: Number.NaN, name: '' };

/** The day of a moment, in UTC. */
export function utcDay(ms: number): string {
  const day = Math.floor(ms / dayMs);
  if (day !== last.day) last = { day, name: new Date(ms).toISOString().slice(0, 10) };
  return last.name;
}

/** All sums from a day on, of one tenant or of all, in no order. */
export async function* readSpend(
  state: Pick<State, 'scan' | 'command'>,
  { tenant = '*', fromDay }: { tenant?: string | undefined; fromDay: string },
): AsyncGenerator<SpendRecord> {
  const pattern = new RegExp(`^${prefix}\\{(.+)\\}:(\\d{4}-\\d\\d-\\d\\d)$`);
  const seen = new Set<string>();
  for await (const keys of state.scan(spendKey(tenant, '*'))) {
    for (const key of keys) {
      const [, of = '', day = ''] = pattern.exec(key) ?? [];
      // A scan may give a key twice.
      if (of === '' || day < fromDay || seen.has(key)) continue;
      seen.add(key);
      const fields = (await state.command('HGETALL', key)) as string[];
      for (let i = 0; i + 1 < fields.length; i += 2) {
        const [user, provider, model, kind] = JSON.parse(fields[i] ?? '[]') as [string, string, string, SpendKind];
        yield { tenant: of, day, user, provider, model, kind, nanoUsd: BigInt(fields[i + 1] ?? '0') };
      }
    }
  }
}
