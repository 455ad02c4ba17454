/** `keys`: what the workers know of the providers' keys, as they keep it in Redis; and an operator's word on one of them. */
import { parseArgs } from 'node:util';
import {
  type KeyRecord,
  type KeyRest,
  orderKey,
  readKeyProviders,
  readKeyRecords,
  readKeyRests,
  type State,
} from '@refrain/state';
import type { Home } from '../start/home.ts';
import { readMeshFile } from '../start/mesh-file.ts';
import { toColumns } from './columns.ts';
import { toMoment } from './moment.ts';
import { reachRedis } from './reach-redis.ts';
import { asUsage, UsageError } from './usage-error.ts';

/** A key and what becomes of it. Times are milliseconds since 1970, 0 for never. */
export interface KeyStatus {
  readonly provider: string;
  /** The first twelve hex digits of the key's SHA-256. */
  readonly key: string;
  readonly pool: string;
  /** In use; resting for some model; out (`reason` says why); or held by no worker any more. */
  readonly state: 'active' | 'resting' | 'out' | 'retired';
  readonly reason: string;
  readonly probeAtMs: number;
  readonly rests: readonly KeyRest[];
  readonly running: number;
  readonly requests: number;
  readonly requestsToday: number;
  readonly tokensToday: number;
  readonly errors: number;
  readonly lastError: string;
  readonly lastErrorAtMs: number;
  readonly lastUsedAtMs: number;
}

/** Workers say every five seconds which keys they have. */
const retiredAfterMs = 60_000;

/** Lists the keys, or takes one out of use or back. 0, or 1 where no key has that hash. */
export async function runKeys(args: readonly string[], home: Home, out: (text: string) => void): Promise<number> {
  const { values, positionals } = asUsage(() =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false }, redis: { type: 'string' } },
    }),
  );
  const [kind, hash, ...rest] = positionals;
  if (kind !== undefined && kind !== 'disable' && kind !== 'revive') throw new UsageError(`keys has no ${kind}`);
  if (rest.length > 0 || (kind !== undefined && !hash))
    throw new UsageError('keys disable and keys revive take one hash');
  const url = values.redis ?? readMeshFile(home.meshFile)?.redis;
  if (url === undefined) throw new Error(`no mesh runs in ${home.folder}; --redis URL names a Redis`);
  const state = await reachRedis(url, 'keys');
  try {
    if (kind !== undefined && hash) return await order(state, kind, hash, out);
    const statuses = await readStatuses(state);
    out(values.json ? `${JSON.stringify({ keys: statuses }, null, 2)}\n` : toTable(statuses));
    return 0;
  } finally {
    state.close();
  }
}

async function order(
  state: State,
  kind: 'disable' | 'revive',
  id: string,
  out: (text: string) => void,
): Promise<number> {
  for (const provider of await readKeyProviders(state)) {
    if (!(await orderKey(state, { provider, id, kind }))) continue;
    const done = kind === 'disable' ? 'is out of use until it is revived' : 'is back: one request tries it first';
    out(`${provider} ${id} ${done}\n`);
    return 0;
  }
  out(`no provider has a key ${id}\n`);
  return 1;
}

async function readStatuses(state: State): Promise<KeyStatus[]> {
  const now = Date.now();
  const statuses: KeyStatus[] = [];
  for (const provider of await readKeyProviders(state)) {
    const records = await readKeyRecords(state, provider);
    const rests = await readKeyRests(state, provider, now);
    for (const [key, record] of records) statuses.push(toStatus(provider, key, record, rests.get(key) ?? [], now));
  }
  return statuses;
}

function toStatus(provider: string, key: string, record: KeyRecord, rests: readonly KeyRest[], now: number): KeyStatus {
  const isRetired = now - record.seenAt > retiredAfterMs;
  const state = isRetired ? 'retired' : record.disabled !== '' ? 'out' : rests.length > 0 ? 'resting' : 'active';
  const { pool, disabled: reason, probeAt, running, requests, errors, lastError } = record;
  const day = { requestsToday: record.dayRequests, tokensToday: record.dayTokens };
  const times = { probeAtMs: probeAt, lastErrorAtMs: record.lastErrorAt, lastUsedAtMs: record.lastUsedAt };
  return { provider, key, pool, state, reason, rests, running, requests, ...day, errors, lastError, ...times };
}

function toTable(statuses: readonly KeyStatus[]): string {
  if (statuses.length === 0) return 'No worker has had a key yet.\n';
  const head = ['provider', 'key', 'pool', 'state', 'today', 'tokens', 'running', 'errors', 'last used', ''];
  const rows = statuses.map((status) => [
    status.provider,
    status.key,
    status.pool,
    status.state,
    `${status.requestsToday}`,
    `${status.tokensToday}`,
    `${status.running}`,
    `${status.errors}`,
    toMoment(status.lastUsedAtMs),
    remark(status),
  ]);
  return toColumns(head, rows);
}

function remark({ state, reason, probeAtMs, rests, lastError }: KeyStatus): string {
  if (state === 'out') return probeAtMs > 0 ? `${reason}, next probe ${toMoment(probeAtMs)}` : reason;
  if (state === 'resting') return rests.map(({ model, untilMs }) => `${model} until ${toMoment(untilMs)}`).join(', ');
  return lastError === '' ? '' : `last error ${lastError}`;
}
