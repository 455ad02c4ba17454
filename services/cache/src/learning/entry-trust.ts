/**
 * How far one stored question may be trusted by meaning. A wrong hit raises the confidence that its entry asks for, half way from where
 * it was wrong to certainty; a second wrong one, served in spite of that, ends it: the entry answers only its own question from then on.
 * A right hit above the confidence that was wrong takes one step back. What was once wrong stays wrong: never below that confidence.
 */
import type { Script, State } from '@refrain/state';
import type { Partition } from '../entries/partition.ts';
import type { RedisKeys } from '../entries/redis-keys.ts';
import { keptMs } from './ledger.ts';

/** What was learned of an entry. */
export interface Trust {
  /** It is served by meaning above this confidence alone; -1 where nothing speaks against it. */
  readonly floor: number;
  readonly quarantined: boolean;
}

/** What a verdict changed. */
export type Change = 'tightened' | 'quarantined' | 'promoted' | 'released' | 'none' | 'repeated';

/** The same pair has the same confidence: a second verdict on it is no second mistake, nor is one on what was not served any more. */
const script: Script = {
  name: 'refrainJudgeEntry',
  keys: 1,
  lua: `
local worst = tonumber(redis.call('HGET', KEYS[1], 'worst') or '-1')
local floor = tonumber(redis.call('HGET', KEYS[1], 'floor') or '-1')
local strikes = tonumber(redis.call('HGET', KEYS[1], 'strikes') or '0')
local confidence = tonumber(ARGV[1])
local before = strikes
if ARGV[2] == 'wrong' then
  if confidence == worst then return 'repeated' end
  if ARGV[3] ~= 'served' and confidence <= floor then return 'none' end
  strikes = math.min(2, strikes + 1)
  worst = math.max(worst, confidence)
  if worst >= 1 then strikes = 2 end
else
  if strikes == 0 or confidence <= worst then return 'none' end
  strikes = strikes - 1
end
floor = worst
if strikes > 0 then floor = worst + (1 - worst) / 2 end
redis.call('HSET', KEYS[1], 'worst', string.format('%.17g', worst), 'floor', string.format('%.17g', floor), 'strikes', strikes)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
if strikes < before then return before == 2 and 'released' or 'promoted' end
if strikes == 2 then return before == 2 and 'repeated' or 'quarantined' end
return 'tightened'`,
};

/** The trust in entries, in Redis. Every method throws RefrainError `unavailable`. */
export class EntryTrust {
  readonly #state: State;
  readonly #keys: RedisKeys;
  readonly #judge: (keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>;

  constructor(state: State, keys: RedisKeys) {
    this.#state = state;
    this.#keys = keys;
    this.#judge = state.script(script);
  }

  /** How far an entry may be trusted. What is asked for is in use, and lives on. */
  async of(partition: Partition, id: string): Promise<Trust> {
    const key = this.#key(partition, id);
    const [floor, strikes] = (await this.#state.command('HMGET', key, 'floor', 'strikes')) as (string | null)[];
    // Of nearly all entries nothing was learned.
    if (floor === null) return { floor: -1, quarantined: false };
    await this.#state.command('PEXPIRE', key, keptMs);
    return { floor: Number(floor), quarantined: Number(strikes ?? 0) >= 2 };
  }

  /** Takes a verdict on a hit; `served` is false for one that would have been. Without a confidence nothing can be raised above it. */
  async judge(
    partition: Partition,
    id: string,
    hit: { readonly confidence: number | undefined; readonly wrong: boolean; readonly served: boolean },
  ): Promise<Change> {
    const { confidence = hit.wrong ? 1 : 0, wrong, served } = hit;
    const args = [String(confidence), wrong ? 'wrong' : 'right', served ? 'served' : 'shadow', keptMs];
    return (await this.#judge([this.#key(partition, id)], args)) as Change;
  }

  #key({ tenant, key }: Partition, id: string): string {
    return this.#keys.learned(tenant, `t:${key}:${id}`);
  }
}
