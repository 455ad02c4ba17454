/**
 * Which generation of a partition's collection counts, in Redis, so that a restart and other cache processes find it again; and the lock
 * that lets only one of them rebuild. The tenant stands there by the beginning of its keys, which reads as little as they do.
 */
import { randomUUID } from 'node:crypto';
import { RefrainError } from '@refrain/errors';
import type { State } from '@refrain/state';
import type { Partition } from '../../entries/partition.ts';
import type { RedisKeys } from '../../entries/redis-keys.ts';

/** What is known of a partition that has a collection. */
export interface Generation {
  readonly number: number;
  /** What its tenant's keys begin with. */
  readonly prefix: string;
}

/** The right to rebuild, for half a minute from taking it or renewing it. */
export interface RebuildLock {
  /** @throws RefrainError `unavailable` (REBUILD_LOST) where another process has it by now */
  renew(): Promise<void>;
  release(): Promise<void>;
}

const lockMs = 30_000;
const renewOwn = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`;
const releaseOwn = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/** Generations of all partitions. Every method throws RefrainError `unavailable` where Redis does not answer. */
export class Generations {
  readonly #state: State;
  readonly #keys: RedisKeys;
  readonly #key: string;

  constructor(state: State, keys: RedisKeys) {
    this.#state = state;
    this.#keys = keys;
    this.#key = keys.generations();
  }

  /** The one that counts; the first where there is none yet. */
  async of({ tenant, key }: Partition): Promise<number> {
    const prefix = this.#keys.prefix(tenant);
    const known = parse((await this.#state.command('HGET', this.#key, key)) as string | null);
    if (known?.prefix === prefix) return known.number;
    const number = known?.number ?? 1;
    await this.set(key, { number, prefix });
    return number;
  }

  /** From now on this one counts. */
  async set(key: string, { number, prefix }: Generation): Promise<void> {
    await this.#state.command('HSET', this.#key, key, `${number} ${prefix}`);
  }

  async forget(key: string): Promise<void> {
    await this.#state.command('HDEL', this.#key, key);
  }

  /** By partition key. */
  async all(): Promise<Map<string, Generation>> {
    const flat = (await this.#state.command('HGETALL', this.#key)) as string[];
    const all = new Map<string, Generation>();
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const generation = parse(flat[i + 1]);
      if (generation) all.set(flat[i] ?? '', generation);
    }
    return all;
  }

  /** Undefined where somebody has it. */
  async lock(): Promise<RebuildLock | undefined> {
    const [name, token] = [`${this.#key}:lock`, randomUUID()];
    const taken = await this.#state.command('SET', name, token, 'PX', lockMs, 'NX');
    if (taken === null) return undefined;
    return {
      renew: async () => {
        const renewed = await this.#state.command('EVAL', renewOwn, 1, name, token, lockMs);
        if (Number(renewed) === 1) return;
        throw new RefrainError('unavailable', 'The rebuild lost its lock.', { reason: 'REBUILD_LOST' });
      },
      release: async () => {
        await this.#state.command('EVAL', releaseOwn, 1, name, token);
      },
    };
  }
}

function parse(text: string | null | undefined): Generation | undefined {
  const match = /^(\d+) (\S+)$/.exec(text ?? '');
  return match?.[1] && match[2] ? { number: Number(match[1]), prefix: match[2] } : undefined;
}
