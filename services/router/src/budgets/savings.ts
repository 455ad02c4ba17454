/**
 * What the cache and coalescing save, by user, provider and model. Hits must not wait for a visit to Redis, so sums are gathered here and
 * written once a second; a router that dies loses that second, of figures that nobody is billed by.
 */
import { type Answer, Source } from '@refrain/contracts';
import { toRefrainError } from '@refrain/errors';
import { type State, spendField, spendKeptMs, spendKey, utcDay } from '@refrain/state';
import type { Question } from '../ask.ts';
import type { BudgetMetrics } from './metrics.ts';

/** What it stands on. */
export interface SavingsParts {
  readonly state: Pick<State, 'pipeline'>;
  readonly metrics: Pick<BudgetMetrics, 'saved' | 'failed'>;
  readonly now?: () => number;
  readonly everyMs?: number;
}

/** Sums that wait for Redis; beyond it those of users not yet among them are left out. */
const mostSums = 10_000;

const kinds: Readonly<Partial<Record<Source, 'cache' | 'coalescing'>>> = {
  [Source.EXACT]: 'cache',
  [Source.SEMANTIC]: 'cache',
  [Source.STALE]: 'cache',
  [Source.COALESCED]: 'coalescing',
};

/** Gathers savings. */
export class Savings {
  readonly #parts: SavingsParts;
  readonly #now: () => number;
  /** By hash, then by field. */
  #sums: Map<string, Map<string, bigint>> = new Map();
  #size = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(parts: SavingsParts) {
    this.#parts = parts;
    this.#now = parts.now ?? Date.now;
    this.#timer = setInterval(() => void this.flush(), parts.everyMs ?? 1000).unref();
  }

  /** A caller has its answer. */
  answered({ caller }: Question, { cost, provenance }: Answer): void {
    const kind = provenance && kinds[provenance.source];
    const nanoUsd = cost?.savedNanoUsd ?? 0n;
    if (!kind || nanoUsd <= 0n) return;
    this.#parts.metrics.saved(kind, nanoUsd);
    const { provider, model } = provenance;
    const field = spendField({ user: caller.user, provider, model, kind });
    this.#add(spendKey(caller.tenant, utcDay(this.#now())), field, nanoUsd);
  }

  /** Writes what was gathered; what cannot be written waits for the next time. */
  async flush(): Promise<void> {
    const sums = this.#sums;
    if (sums.size === 0) return;
    this.#sums = new Map();
    this.#size = 0;
    const commands: (readonly [string, ...(string | number)[]])[] = [];
    for (const [key, fields] of sums) {
      for (const [field, nanoUsd] of fields) commands.push(['HINCRBY', key, field, `${nanoUsd}`]);
      commands.push(['PEXPIRE', key, spendKeptMs]);
    }
    try {
      await this.#parts.state.pipeline(commands);
    } catch (thrown) {
      const { reason } = toRefrainError(thrown);
      this.#parts.metrics.failed('save', reason);
      // Late is not lost: a command that timed out may still be carried out, and a sum must not count twice.
      if (reason !== 'BREAKER_OPEN') return;
      for (const [key, fields] of sums) for (const [field, nanoUsd] of fields) this.#add(key, field, nanoUsd);
    }
  }

  #add(key: string, field: string, nanoUsd: bigint): void {
    const fields = this.#sums.get(key) ?? new Map<string, bigint>();
    const known = fields.get(field);
    if (known === undefined && this.#size >= mostSums) return;
    if (known === undefined) this.#size += 1;
    fields.set(field, (known ?? 0n) + nanoUsd);
    this.#sums.set(key, fields);
  }

  /** Writes the last of it. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }
}
