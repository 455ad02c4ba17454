import { create } from '@bufbuild/protobuf';
import { Level, type StatsResponse, StatsResponseSchema } from '@refrain/contracts';
import type { Metrics } from '@refrain/service';
import type { Embedder } from '../embedder/embedder.ts';
import type { NearIndex } from '../index/near-index.ts';
import type { LevelResult } from './level.ts';

const levelNames: Record<number, 'exact' | 'semantic' | 'template'> = {
  [Level.EXACT]: 'exact',
  [Level.SEMANTIC]: 'semantic',
  [Level.TEMPLATE]: 'template',
};

/** Counts for `Stats` and for Prometheus alike. */
export class Counts {
  readonly #hits = { exact: 0, semantic: 0, template: 0 };
  readonly #misses: Map<string, number> = new Map();
  readonly #refusals: Map<string, number> = new Map();
  readonly #lookupTotal;
  readonly #lookupSeconds;
  readonly #storeTotal;
  readonly #evictedTotal;
  #lookups = 0;
  #stores = 0;
  #evictions = 0;

  constructor(metrics: Metrics) {
    this.#lookupTotal = metrics.counter('cache_lookups_total', 'Levels asked, by result.', ['level', 'result']);
    this.#lookupSeconds = metrics.histogram('cache_lookup_seconds', 'Time of one level of a lookup.', ['level']);
    this.#storeTotal = metrics.counter('cache_stores_total', 'Answers offered, by what became of them.', ['result']);
    this.#evictedTotal = metrics.counter('cache_evictions_total', 'Entries that went for the cap of their tenant.');
  }

  /** A lookup began. */
  asked(): void {
    this.#lookups += 1;
  }

  /** One of its levels was asked. */
  looked(level: Level, result: LevelResult, milliseconds: number): void {
    const name = levelNames[level];
    if (!name) return;
    if ('hit' in result) this.#hits[name] += 1;
    else count(this.#misses, `${name}:${result.miss}`);
    this.#lookupTotal.inc({ level: name, result: 'hit' in result ? 'hit' : result.miss });
    this.#lookupSeconds.observe(milliseconds / 1000, { level: name });
  }

  /** An answer was kept. */
  stored(): void {
    this.#stores += 1;
    this.#storeTotal.inc({ result: 'stored' });
  }

  /** An answer, or (`near_…`) its semantic half, was not kept. */
  refused(reason: string): void {
    count(this.#refusals, reason);
    this.#storeTotal.inc({ result: reason });
  }

  /** So many entries went, for their tenant had more than it may. */
  evicted(entries: number): void {
    this.#evictions += entries;
    this.#evictedTotal.inc({}, entries);
  }

  /** Answers CacheService.Stats. */
  toStats(embedder: Embedder, index: NearIndex): StatsResponse {
    return create(StatsResponseSchema, {
      lookups: BigInt(this.#lookups),
      exactHits: BigInt(this.#hits.exact),
      semanticHits: BigInt(this.#hits.semantic),
      templateHits: BigInt(this.#hits.template),
      stores: BigInt(this.#stores),
      misses: toBigInts(this.#misses),
      refusals: toBigInts(this.#refusals),
      pendingIndexWrites: index.pending,
      collections: index.collections,
      evictions: BigInt(this.#evictions),
      semanticReady: embedder.ready && index.ready,
    });
  }
}

function count(into: Map<string, number>, reason: string): void {
  into.set(reason, (into.get(reason) ?? 0) + 1);
}

function toBigInts(counts: ReadonlyMap<string, number>): Record<string, bigint> {
  return Object.fromEntries([...counts].map(([reason, number]) => [reason, BigInt(number)]));
}
