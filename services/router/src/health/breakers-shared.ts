/**
 * The breakers that are open, in Redis: one sorted set of names by the moment, on Redis' own clock, from which somebody may try again.
 * Who tries moves that moment on, so that nobody else does; who succeeds takes the name out. Beside it the last
 * failures of each, by their moments: who fails says how long ago it last saw it answer, and what failed before that counts no more. So no
 * success has to be told.
 */
import type { State } from '@refrain/state';

const setKey = 'rf:1:breakers';
const failuresKey = (name: string) => `rf:1:breakers:failed:${name}`;
/** A router's timer and Redis' clock may differ by a little. */
const toleranceMs = 50;
/** Nobody has asked there for a day. */
const forgottenMs = 86_400_000;

const nowLua = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;

const openLua = `${nowLua}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ${forgottenMs})
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
return 1`;

const failLua = `${nowLua}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
redis.call('ZADD', KEYS[1], now, time[1] .. '.' .. time[2] .. '.' .. redis.call('ZCARD', KEYS[1]))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])`;

const claimLua = `${nowLua}
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
if due and due - now > ${toleranceMs} then return math.floor(due - now) end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
return 0`;

const readLua = `${nowLua}
local found = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 2, #found, 2 do found[i] = math.floor(found[i] - now) end
return found`;

/** What routers tell each other. Everything throws RefrainError `unavailable` where Redis is away. */
export interface SharedBreakers {
  /** Nobody asks there for so long. */
  open(name: string, forMs: number): Promise<void>;
  close(name: string): Promise<void>;
  /** It failed, and last answered here `sinceMs` ago. How often it failed since then, here and elsewhere; `sinceMs` is at most `windowMs`. */
  failed(name: string, sinceMs: number, windowMs: number): Promise<number>;
  /** Asks to be the one that tries: 0, or the milliseconds until somebody may. */
  claim(name: string, forMs: number): Promise<number>;
  /** Those that are open, with the milliseconds they stay so; at most 0 where somebody may try. */
  read(): Promise<ReadonlyMap<string, number>>;
}

/** Those of a mesh. */
export function createSharedBreakers(state: Pick<State, 'command' | 'script'>): SharedBreakers {
  const run = {
    open: state.script({ name: 'refrainBreakerOpen', keys: 1, lua: openLua }),
    failed: state.script({ name: 'refrainBreakerFailed', keys: 1, lua: failLua }),
    claim: state.script({ name: 'refrainBreakerClaim', keys: 1, lua: claimLua }),
    read: state.script({ name: 'refrainBreakersRead', keys: 1, lua: readLua }),
  };
  return {
    open: async (name, forMs) => void (await run.open([setKey], [name, forMs])),
    close: async (name) => void (await state.command('ZREM', setKey, name)),
    failed: async (name, sinceMs, windowMs) =>
      Number(await run.failed([failuresKey(name)], [Math.ceil(sinceMs), windowMs])),
    claim: async (name, forMs) => Number(await run.claim([setKey], [name, forMs])),
    read: async () => {
      const found = (await run.read([setKey], [])) as (string | number)[];
      const open = new Map<string, number>();
      for (let i = 0; i < found.length; i += 2) open.set(String(found[i]), Number(found[i + 1]));
      return open;
    },
  };
}
