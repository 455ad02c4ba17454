import { create } from '@bufbuild/protobuf';
import { Level, type StatsResponse, StatsResponseSchema } from '@refrain/contracts';
import type { Metrics } from '@refrain/service';
import type { Embedder } from './embedder/embedder.ts';
import type { NearIndex } from './index/near-index.ts';
import type { LevelResult } from './semantic.ts';

const levelNames: Record<number, 'exact' | 'semantic' | 'template'> = {
  [Level.EXACT]: 'exact',
  [Level.SEMANTIC]: 'semantic',
  [Level.TEMPLATE]: 'template',
};

/** Counts for `Stats` and for Prometheus alike. */
export class Counts {
  readonly #hits = { exact: 0n, semantic: 0n, template: 0n };
  readonly #misses: Record<string, bigint> = {};
  readonly #refusals: Record<string, bigint> = {};
  readonly #lookupTotal;
  readonly #lookupSeconds;
  readonly #storeTotal;
  #lookups = 0n;
  #stores = 0n;

  constructor(metrics: Metrics) {
    this.#lookupTotal = metrics.counter('cache_lookups_total', 'Lookups by level and result.', ['level', 'result']);
    this.#lookupSeconds = metrics.histogram('cache_lookup_seconds', 'Time of one level of a lookup.', ['level']);
    this.#storeTotal = metrics.counter('cache_stores_total', 'Answers offered, by what became of them.', ['result']);
  }

  /** One level was asked. */
  looked(level: Level, result: LevelResult, milliseconds: number): void {
    const name = levelNames[level];
    if (!name) return;
    this.#lookups += 1n;
    if ('answer' in result) this.#hits[name] += 1n;
    else count(this.#misses, `${name}:${result.miss}`);
    this.#lookupTotal.inc({ level: name, result: 'answer' in result ? 'hit' : result.miss });
    this.#lookupSeconds.observe(milliseconds / 1000, { level: name });
  }

  /** An answer was kept. */
  stored(): void {
    this.#stores += 1n;
    this.#storeTotal.inc({ result: 'stored' });
  }

  /** An answer, or its semantic half, was not kept. */
  refused(reason: string): void {
    count(this.#refusals, reason);
    this.#storeTotal.inc({ result: reason });
  }

  /** Answers CacheService.Stats. */
  toStats(embedder: Embedder, index: NearIndex): StatsResponse {
    return create(StatsResponseSchema, {
      lookups: this.#lookups,
      exactHits: this.#hits.exact,
      semanticHits: this.#hits.semantic,
      templateHits: this.#hits.template,
      stores: this.#stores,
      misses: this.#misses,
      refusals: this.#refusals,
      pendingIndexWrites: index.pending,
      collections: index.collections,
      semanticReady: embedder.ready && index.ready,
    });
  }
}

function count(into: Record<string, bigint>, reason: string): void {
  into[reason] = (into[reason] ?? 0n) + 1n;
}
