/**
 * Which of a tenant's entries may go when it has too many: the least used, with dynamic aging (LFU-DA). A use counts one; an entry begins, and
 * goes on after a rest, at no less than what the last one had that had to go: what was popular last month does not stay for ever. Uses
 * are counted in process and written about once a second, so that a hit costs Redis nothing but its one read; a count that is lost with the
 * process, or while Redis is away, costs an entry a little of its standing.
 */
import type { Logger } from '@refrain/service';
import type { Script, State } from '@refrain/state';
import type { RedisKeys } from './redis-keys.ts';

/** What counting stands on. */
export interface UsesOptions {
  readonly state: State;
  readonly keys: RedisKeys;
  readonly log: Logger;
  readonly flushMs?: number;
}

/** Names in one script: Redis does nothing else for the 6 µs that each takes. */
const pageNames = 100;
/** Names that one store lets go at most, so that a lowered cap is reached over several. */
const maximumEvicted = 100;
/** Names counted between two writes; beyond it the rest is not counted. */
const maximumCounted = 50_000;

/** KEYS: uses, base. ARGV: name, number of uses, … */
const count: Script = {
  name: 'refrainCountUses',
  keys: 2,
  lua: `
local base = tonumber(redis.call('GET', KEYS[2]) or 0)
for i = 1, #ARGV, 2 do
  local uses = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if uses then redis.call('ZADD', KEYS[1], math.max(uses, base) + ARGV[i + 1], ARGV[i]) end
end`,
};

/**
 * Strikes off what Redis has forgotten by itself, then gives the names that have to go. Among equals the oldest goes: uses are whole, and
 * behind the point stands when an entry was stored. KEYS: uses, base, lives. ARGV: now, maximum, names at most, how long the base is kept.
 */
const takeLeast: Script = {
  name: 'refrainTakeLeast',
  keys: 3,
  lua: `
local gone = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[1], 'LIMIT', 0, 1000)
if #gone > 0 then
  redis.call('ZREM', KEYS[1], unpack(gone))
  redis.call('ZREM', KEYS[3], unpack(gone))
end
local over = redis.call('ZCARD', KEYS[1]) - ARGV[2]
if over <= 0 then return {} end
local least = redis.call('ZPOPMIN', KEYS[1], math.min(over, ARGV[3]))
local names = {}
for i = 1, #least, 2 do names[#names + 1] = least[i] end
redis.call('ZREM', KEYS[3], unpack(names))
local base = math.max(tonumber(redis.call('GET', KEYS[2]) or 0), math.floor(least[#least]))
redis.call('SET', KEYS[2], base, 'PX', ARGV[4])
return names`,
};

/** Counts uses, and says who is used least. */
export class Uses {
  readonly #options: UsesOptions;
  readonly #count: ReturnType<State['script']>;
  readonly #takeLeast: ReturnType<State['script']>;
  #counted: Map<string, Map<string, number>> = new Map();
  #names = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: UsesOptions) {
    this.#options = options;
    this.#count = options.state.script(count);
    this.#takeLeast = options.state.script(takeLeast);
  }

  /** An entry answered. Never waits, never fails. */
  used(tenant: string, name: string): void {
    const names = this.#counted.get(tenant) ?? new Map<string, number>();
    this.#counted.set(tenant, names);
    const before = names.get(name);
    if (before === undefined) {
      if (this.#names >= maximumCounted) return;
      this.#names += 1;
    }
    names.set(name, (before ?? 0) + 1);
    this.#timer ??= setTimeout(() => void this.flush(), this.#options.flushMs ?? 1000).unref();
  }

  /** Writes what was counted. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const counted = this.#counted;
    this.#counted = new Map();
    this.#names = 0;
    const { keys, log } = this.#options;
    try {
      for (const [tenant, names] of counted) {
        const all = [...names];
        for (let from = 0; from < all.length; from += pageNames) {
          const page = all.slice(from, from + pageNames).flat();
          await this.#count([keys.uses(tenant), keys.usesBase(tenant)], page);
        }
      }
    } catch (err) {
      log.debug({ err }, 'uses of entries were not counted');
    }
  }

  /** Takes the names off the list that have to go where a tenant has more than `maximum`. @throws RefrainError `unavailable` */
  async takeLeast(tenant: string, maximum: number, nowMs: number): Promise<string[]> {
    const { keys } = this.#options;
    const lists = [keys.uses(tenant), keys.usesBase(tenant), keys.lives(tenant)];
    const baseMs = 30 * 86_400_000;
    return (await this.#takeLeast(lists, [nowMs, maximum, maximumEvicted, baseMs])) as string[];
  }
}
