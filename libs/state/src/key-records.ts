/**
 * Where the workers keep what they know of a provider's keys, for whoever has to read it: the workers' scripts, which own its
 * meaning, and operators. One hash for each provider, its fields the keys' hashes, its values JSON arrays in the order below: plain
 * enough to read by hand, and three times cheaper to decode in a script than objects are. A key itself is never there.
 */
import type { State } from './state.ts';

/** What is kept of a key, in order. Times are milliseconds since 1970, by Redis' clock. */
export const keyRecordFields = [
  /** Why the key is out: empty, KEY_REJECTED, SPEND_LIMIT or OPERATOR. */
  'disabled',
  'disabledAt',
  /** When the next probe of a key that is out is due; 0 where an operator alone revives it. */
  'probeAt',
  'probeEveryMs',
  /** 1 after a revival, until a call has succeeded: one request at a time. */
  'trial',
  'requests',
  /** Calls under way. */
  'running',
  /** Requests, each counting half after a minute, as of `latelyAt`. */
  'lately',
  'latelyAt',
  'lastUsedAt',
  /** The midnight since which the next two count. */
  'day',
  'dayRequests',
  'dayTokens',
  /** The newest of the ten-second slots of the next two, newest first. */
  'slot',
  'slotRequests',
  'slotTokens',
  'errors',
  'lastError',
  'lastErrorAt',
  /** Calls and errors since `windowAt`, ten minutes at most. */
  'windowAt',
  'windowCalls',
  'windowErrors',
  'addedAt',
  /** When a worker last said that it has the key. */
  'seenAt',
  'pool',
] as const;

/** What is kept of a key. */
export type KeyRecord = {
  -readonly [Field in (typeof keyRecordFields)[number]]: Field extends 'disabled' | 'lastError' | 'pool'
    ? string
    : Field extends 'slotRequests' | 'slotTokens'
      ? number[]
      : number;
};

/** The names of a provider's hashes in Redis; one hash tag, so that a script may use them together. */
export function keyPoolNames(provider: string): { records: string; leases: string; modelOf(model: string): string } {
  const records = `refrain:keys:{${provider}}`;
  return { records, leases: `${records}:leases`, modelOf: (model) => `${records}:model:${model}` };
}

/** Reads a record. Throws where the text is none. */
export function parseKeyRecord(json: string): KeyRecord {
  const values = JSON.parse(json) as unknown[];
  if (!Array.isArray(values) || values.length !== keyRecordFields.length) throw new TypeError('not a record of a key');
  return Object.fromEntries(keyRecordFields.map((field, i) => [field, values[i]])) as KeyRecord;
}

/** A record as it is stored. */
export function formatKeyRecord(record: KeyRecord): string {
  return JSON.stringify(keyRecordFields.map((field) => record[field]));
}

/** The records of a provider's keys by their hash. */
export async function readKeyRecords(state: Pick<State, 'command'>, provider: string): Promise<Map<string, KeyRecord>> {
  const flat = (await state.command('HGETALL', keyPoolNames(provider).records)) as string[];
  const records = new Map<string, KeyRecord>();
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [id = '', json = ''] = [flat[i], flat[i + 1]];
    // Names beginning with @ are the pool's own.
    if (!id.startsWith('@')) records.set(id, parseKeyRecord(json));
  }
  return records;
}

/** Until when a key rests for a model. */
export interface KeyRest {
  readonly model: string;
  readonly untilMs: number;
}

/** The rests of a provider's keys that are not over, by the keys' hashes. */
export async function readKeyRests(
  state: Pick<State, 'command' | 'scan'>,
  provider: string,
  nowMs: number,
): Promise<Map<string, KeyRest[]>> {
  const rests = new Map<string, KeyRest[]>();
  const prefix = keyPoolNames(provider).modelOf('');
  for await (const names of state.scan(`${prefix}*`)) {
    for (const name of names) {
      const flat = (await state.command('HGETALL', name)) as string[];
      for (let i = 0; i + 1 < flat.length; i += 2) {
        const id = flat[i] ?? '';
        // The first number of a record is when the rest ends.
        const untilMs = Number((JSON.parse(flat[i + 1] ?? '[]') as unknown[])[0] ?? 0);
        if (untilMs > nowMs) rests.set(id, [...(rests.get(id) ?? []), { model: name.slice(prefix.length), untilMs }]);
      }
    }
  }
  return rests;
}

/** The providers that have or had keys. */
export async function readKeyProviders(state: Pick<State, 'scan'>): Promise<string[]> {
  const providers: string[] = [];
  for await (const names of state.scan('refrain:keys:{*}')) {
    providers.push(...names.flatMap((name) => /^refrain:keys:\{([a-z0-9-]+)\}$/.exec(name)?.[1] ?? []));
  }
  return providers.sort();
}

const at = (field: (typeof keyRecordFields)[number]) => keyRecordFields.indexOf(field) + 1;

const orderLua = `
local raw = redis.call('HGET', KEYS[1], ARGV[1])
if not raw then return 0 end
local record = cjson.decode(raw)
local time = redis.call('TIME')
local out = ARGV[2] == 'disable'
record[${at('disabled')}] = out and 'OPERATOR' or ''
record[${at('disabledAt')}] = time[1] * 1000
record[${at('probeAt')}] = 0
record[${at('probeEveryMs')}] = 0
record[${at('trial')}] = out and 0 or 1
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(record))
return 1`;

/**
 * An operator takes a key out of use, or back: then one request tries it before all may. Gives whether the provider has a key of
 * that hash.
 */
export async function orderKey(
  state: Pick<State, 'script'>,
  order: { readonly provider: string; readonly id: string; readonly kind: 'disable' | 'revive' },
): Promise<boolean> {
  const run = state.script({ name: 'refrainKeyOrder', keys: 1, lua: orderLua });
  return (await run([keyPoolNames(order.provider).records], [order.id, order.kind])) === 1;
}
