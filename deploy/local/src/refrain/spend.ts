/** `spend`: what was spent and saved, by tenant, user and model, as the routers keep it in Redis. */
import { parseArgs } from 'node:util';
import { readSpend, type SpendKind, type State, utcDay } from '@refrain/state';
import type { Home } from '../start/home.ts';
import { readMeshFile } from '../start/mesh-file.ts';
import { reachRedis } from './reach-redis.ts';
import { asUsage, UsageError } from './usage-error.ts';

/** The sums of one tenant, user and model over the days asked for, in nano-dollars. */
export interface SpendSums extends Readonly<Record<SpendKind, number>> {
  readonly tenant: string;
  readonly user: string;
  readonly provider: string;
  readonly model: string;
}

const kinds = ['spent', 'unpriced', 'cache', 'routing', 'coalescing'] as const;

/** Lists the sums of the last days, the dearest first; gives the exit code. */
export async function showSpend(
  args: readonly string[],
  home: Home,
  out: (text: string) => void,
  now: () => number = Date.now,
): Promise<number> {
  const { values } = asUsage(() =>
    parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        tenant: { type: 'string' },
        days: { type: 'string', default: '1' },
        redis: { type: 'string' },
      },
    }),
  );
  const days = Number(values.days);
  if (!Number.isInteger(days) || days < 1 || days > 400) throw new UsageError('--days takes a number from 1 to 400');
  if (values.tenant !== undefined && !/^[a-z0-9-]{1,32}$/.test(values.tenant))
    throw new UsageError('there is no such tenant');
  const url = values.redis ?? readMeshFile(home.meshFile)?.redis;
  if (url === undefined) throw new Error(`no mesh runs in ${home.folder}; --redis URL names a Redis`);
  const fromDay = utcDay(now() - (days - 1) * 86_400_000);
  const state = await reachRedis(url, 'spend');
  try {
    const sums = await collect(state, { tenant: values.tenant, fromDay });
    out(values.json ? `${JSON.stringify({ fromDay, sums: sums.map(toPlain) }, null, 2)}\n` : toTable(sums, fromDay));
    return 0;
  } finally {
    state.close();
  }
}

async function collect(state: State, of: { tenant: string | undefined; fromDay: string }): Promise<SpendSums[]> {
  const sums = new Map<string, SpendSums & Record<SpendKind, number>>();
  for await (const { tenant, user, provider, model, kind, nanoUsd } of readSpend(state, of)) {
    const name = JSON.stringify([tenant, user, provider, model]);
    const nothing = { spent: 0, unpriced: 0, cache: 0, routing: 0, coalescing: 0 };
    const known = sums.get(name) ?? { tenant, user, provider, model, ...nothing };
    sums.set(name, { ...known, [kind]: known[kind] + Number(nanoUsd) });
  }
  return [...sums.values()].sort((a, b) => b.spent + b.unpriced - (a.spent + a.unpriced) || b.cache - a.cache);
}

/** For programs: every amount says its unit. */
function toPlain({ tenant, user, provider, model, spent, unpriced, cache, routing, coalescing }: SpendSums) {
  return {
    ...{ tenant, user, provider, model },
    ...{ spentNanoUsd: spent, unpricedNanoUsd: unpriced },
    ...{ savedByCacheNanoUsd: cache, savedByRoutingNanoUsd: routing, savedByCoalescingNanoUsd: coalescing },
  };
}

function toTable(sums: readonly SpendSums[], fromDay: string): string {
  if (sums.length === 0) return `Nothing was spent or saved since ${fromDay} (UTC).\n`;
  const head = ['tenant', 'user', 'model', 'spent', 'unpriced', 'saved: cache', 'routing', 'coalescing'];
  const total = (kind: SpendKind) => toDollars(sums.reduce((sum, each) => sum + each[kind], 0));
  const rows = sums.map(({ tenant, user, provider, model, ...of }) => [
    tenant,
    user,
    `${provider}/${model}`,
    ...kinds.map((kind) => toDollars(of[kind])),
  ]);
  const all = [head, ...rows, ['all', '', '', ...kinds.map(total)]];
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0)));
  const toLine = (row: readonly string[]) =>
    row
      .map((cell, i) => (i < 3 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return `Dollars since ${fromDay} (UTC)\n${all.map(toLine).join('\n')}\n`;
}

function toDollars(nano: number): string {
  return (nano / 1e9).toFixed(6);
}
