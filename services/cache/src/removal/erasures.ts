/**
 * Tells every cache process that a tenant was erased, so that nothing of it stays in their memories either: no vector, no text, and no
 * count that would be written later. A short stream in Redis names tenants as their keys do; everybody reads it once a second.
 */
import { RefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import type { State } from '@refrain/state';
import type { RedisKeys } from '../entries/redis-keys.ts';

/** What it stands on. */
export interface ErasuresOptions {
  readonly state: State;
  readonly keys: RedisKeys;
  readonly log: Logger;
  /** Hears of tenants that were erased, by this process or another; of each at least once. */
  readonly onErased: (isErased: (tenant: string) => boolean) => Promise<void>;
}

const lookEveryMs = 1000;
const kept = 1000;
/** A process that does not reach Redis for longer than this has none of it in use any more. */
const keptMs = 86_400_000;

/** Tells of erasures, and hears of them until it is stopped. */
export class Erasures {
  readonly #options: ErasuresOptions;
  readonly #timer: NodeJS.Timeout;
  #place = '0-0';

  constructor(options: ErasuresOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.look(), lookEveryMs).unref();
  }

  /** Tells that all of a tenant is gone from Redis. @throws RefrainError `unavailable` */
  async tell(tenant: string): Promise<void> {
    const { state, keys } = this.#options;
    await state.pipeline([
      ['XADD', keys.erasures(), 'MAXLEN', '~', kept, '*', 'prefix', keys.prefix(tenant)],
      ['PEXPIRE', keys.erasures(), keptMs],
    ]);
  }

  /** Hears of what was told since the last time. Never throws. */
  async look(): Promise<void> {
    const { state, keys, log, onErased } = this.#options;
    try {
      const records = (await state.command('XRANGE', keys.erasures(), `(${this.#place}`, '+')) as Record[];
      const last = records.at(-1);
      if (!last) return;
      const prefixes = new Set(records.map(([, [, prefix]]) => prefix));
      await onErased((tenant) => prefixes.has(keys.prefix(tenant)));
      this.#place = last[0];
    } catch (err) {
      // Redis is away: it is heard when it is back. Anything else is a bug.
      if (err instanceof RefrainError) log.debug({ err }, 'erasures could not be read');
      else log.error({ err }, 'an erased tenant was not forgotten');
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Its place, and the name and value of its one field. */
type Record = [place: string, fields: [name: string, prefix: string]];
