/** Builds the cache service from its parts; no I/O of its own. */
import { CacheService } from '@refrain/contracts';
import { type RegisteredService, service } from '@refrain/rpc';
import type { Logger, Metrics, Readiness } from '@refrain/service';
import type { State } from '@refrain/state';
import type { Embedder } from './embedder/embedder.ts';
import { Aliases } from './entries/aliases.ts';
import { RedisExactStore } from './entries/exact-store.ts';
import type { RedisNearStore } from './entries/near-store.ts';
import type { RedisKeys } from './entries/redis-keys.ts';
import { Uses } from './entries/uses.ts';
import type { NearIndex } from './index/near-index.ts';
import { rebuildIndex } from './index/rebuild-index.ts';
import { createHeard, learn } from './learning/learn.ts';
import { Learning } from './learning/learning.ts';
import { report } from './learning/report.ts';
import { lookup } from './lookup/lookup.ts';
import { PartTimes } from './lookup/part-times.ts';
import { withoutTraces } from './lookup/without-traces.ts';
import { Erasures } from './removal/erasures.ts';
import { invalidate } from './removal/invalidate.ts';
import { Marks } from './removal/marks.ts';
import { Removal } from './removal/removal.ts';
import type { Settings } from './requests/settings.ts';
import { Counts } from './requests/stats.ts';
import { store } from './store/store.ts';
import { storeMany } from './store/store-many.ts';

/** What the service stands on. */
export interface CacheParts {
  readonly state: State;
  readonly keys: RedisKeys;
  readonly near: RedisNearStore;
  readonly index: NearIndex;
  readonly embedder: Embedder;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly settings: () => Settings;
  readonly nowMs?: () => number;
  /** From 0 to 1, for the jitter of lifetimes. */
  readonly random?: () => number;
}

/** The cache's gRPC handlers and its readiness: it works without Chroma and without a model, exact-only; without Redis it only misses. */
export function createCacheService(options: CacheParts): {
  registered: RegisteredService;
  ready: () => Readiness;
  /** Writes what was counted and not written yet. */
  stop: () => Promise<void>;
} {
  const { state, keys, embedder, index, metrics, near, log, nowMs = Date.now, random = Math.random } = options;
  const aliases = new Aliases(state, keys);
  const learning = new Learning({ ...options, nowMs });
  const onErased = (isErased: (tenant: string) => boolean) => {
    near.forgetVectors();
    embedder.forget();
    index.forget(isErased);
    return learning.forget(isErased);
  };
  const erasures = new Erasures({ state, keys, log, onErased });
  const parts = {
    ...options,
    nowMs,
    random,
    aliases,
    erasures,
    exact: new RedisExactStore(state, keys),
    marks: new Marks(state, keys),
    removal: new Removal({ ...options, aliases }),
    uses: new Uses(options),
    counts: new Counts(metrics),
    times: new PartTimes(metrics),
    learning,
    heard: createHeard(metrics),
    onFault: (err: Error) => log.error({ err }, 'a part of a lookup or a store failed'),
  };
  const traceless = withoutTraces(parts);
  watchParts(options);
  const registered = service(CacheService, {
    lookup: (request) => lookup(request, request.leaveNoTrace ? traceless : parts),
    store: (request) => store(request, parts),
    storeMany: (request) => storeMany(request, parts),
    invalidate: (request) => invalidate(request, parts),
    stats: async () => parts.counts.toStats(embedder, index),
    learn: (request) => learn(request, parts),
    report: (request) => report(request, parts),
    rebuild: (request) => rebuildIndex(request, options),
  });
  const ready = (): Readiness => ({
    ok: true,
    parts: {
      redis: describeRedis(state),
      chroma: index.ready ? 'up' : 'down: small partitions are compared in process',
      embedder: embedder.state,
    },
  });
  const stop = async () => {
    erasures.stop();
    await learning.stop();
    await parts.uses.flush();
  };
  return { registered, ready, stop };
}

function describeRedis({ ready, refuses }: State): string {
  if (!ready) return 'down: every lookup is a miss';
  return refuses === '' ? 'up' : `down: nothing is kept or removed, Redis refuses: ${refuses}`;
}

function watchParts({ metrics, state, embedder, index }: CacheParts): void {
  const upOrDown = (name: string, what: string, isUp: () => boolean) =>
    metrics.watched(`cache_${name}_up`, `1 while ${what} answers.`, () => (isUp() ? 1 : 0));
  upOrDown('redis', 'Redis', () => state.ready);
  upOrDown('chroma', 'Chroma', () => index.ready);
  upOrDown('embedder', 'the embedding model', () => embedder.ready);
  metrics.watched('cache_index_collections', 'Collections on the Chroma server.', () => index.collections);
  metrics.watched('cache_index_hot_partitions', 'Partitions kept in process.', () => index.hot.partitions);
  metrics.watched('cache_index_hot_vectors', 'Vectors kept in process.', () => index.hot.vectors);
  metrics.watched('cache_index_leaving', 'Removed vectors and partitions that Chroma still has.', () => index.leaving);
  metrics.watched('cache_index_pending', 'Vectors and collections that wait to be written.', () => index.pending);
}
