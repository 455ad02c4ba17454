import type { Logger, MeshConfig, Metrics } from '@refrain/service';
import type { State } from '@refrain/state';
import { RedisNearStore } from '../entries/near-store.ts';
import { RedisKeys } from '../entries/redis-keys.ts';
import { ChromaNearIndex } from './chroma/chroma-index.ts';
import { ChromaServer } from './chroma/chroma-server.ts';
import { Generations } from './chroma/generations.ts';
import { RemovalList } from './chroma/removal-list.ts';
import { Unindexer } from './chroma/unindexer.ts';
import { HotIndex } from './hot/hot-index.ts';
import { loadGraphs, type MakeGraph } from './hot/hot-vectors.ts';
import { Journal } from './hot/journal.ts';
import { LayeredIndex } from './layered-index.ts';
import type { NearSource } from './near-index.ts';
import { type RebuildParts, rebuild, rebuildWorn } from './rebuild.ts';

/** What the index of the semantic level is made of. */
export interface OpenIndexOptions {
  readonly state: State;
  readonly keys: RedisKeys;
  readonly chromaUrl: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly settings: () => MeshConfig['cache']['semantic'];
  readonly source: NearSource;
}

/** Opens Chroma in the background and usearch in process; without the latter, Chroma answers everything. */
export async function openNearIndex(
  options: OpenIndexOptions,
): Promise<{ index: LayeredIndex; chroma: ChromaNearIndex }> {
  const { state, keys, log, settings, source } = options;
  const generations = new Generations(state, keys);
  const hot = await openHot(options);
  const chroma = new ChromaNearIndex({
    url: options.chromaUrl,
    log,
    maximumCollections: () => settings().maximumCollections,
    source,
    generations,
    onWorn: ({ key }) => {
      rebuildWorn(key, parts).catch((err) =>
        log.warn({ err, partition: key }, 'a worn index collection was not rebuilt'),
      );
    },
  });
  const sourceUnder = (prefix: string) => new RedisNearStore(state, RedisKeys.under(prefix));
  const parts: RebuildParts = { chroma, hot, generations, sourceUnder, log };
  const removals = new RemovalList(state, keys);
  const server = new ChromaServer(options.chromaUrl);
  const unindexer = new Unindexer({
    ...{ server, list: removals, generations, sourceUnder, log },
    isReady: () => chroma.ready,
  });
  const help = 'Questions that the index has answered, by the layer that did.';
  const answers = options.metrics.counter('cache_index_answers_total', help, ['layer']);
  const index = new LayeredIndex({
    hot,
    cold: chroma,
    rebuild: (prefix) => rebuild(prefix, parts),
    removals,
    unindexer,
    onAnswer: (layer) => answers.inc({ layer }),
    log,
  });
  return { index, chroma };
}

async function openHot({ state, keys, log, settings, source }: OpenIndexOptions): Promise<HotIndex | undefined> {
  const makeGraph = await findGraphs(log);
  if (!makeGraph) return undefined;
  const journal = new Journal(state, ({ tenant, key }) => keys.journal(tenant, key));
  return new HotIndex({ makeGraph, log, maximumVectors: () => settings().hotVectors, source, journal });
}

async function findGraphs(log: Logger): Promise<MakeGraph | undefined> {
  try {
    return await loadGraphs();
  } catch (err) {
    log.warn({ err }, 'usearch cannot be loaded on this machine: no partition is kept in process');
    return undefined;
  }
}
