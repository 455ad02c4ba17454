import type { Logger, MeshConfig } from '@refrain/service';
import type { State } from '@refrain/state';
import type { Partition } from '../partition.ts';
import { ChromaNearIndex } from './chroma-index.ts';
import { HotIndex } from './hot-index.ts';
import { loadGraphs, type MakeGraph } from './hot-vectors.ts';
import { Journal } from './journal.ts';
import { LayeredIndex } from './layered-index.ts';
import type { NearSource } from './near-index.ts';

/** What the index of the semantic level is made of. */
export interface OpenIndexOptions {
  readonly state: State;
  readonly chromaUrl: string;
  readonly log: Logger;
  readonly settings: () => MeshConfig['cache']['semantic'];
  readonly source: NearSource;
  readonly journalKeyOf: (partition: Partition) => string;
}

/** Opens Chroma in the background and usearch in process; without the latter, Chroma answers everything. */
export async function openNearIndex(
  options: OpenIndexOptions,
): Promise<{ index: LayeredIndex; chroma: ChromaNearIndex }> {
  const { state, log, settings, source, journalKeyOf } = options;
  const makeGraph = await findGraphs(log);
  const hot =
    makeGraph &&
    new HotIndex({
      makeGraph,
      log,
      maximumVectors: () => settings().hotVectors,
      source,
      journal: new Journal(state, journalKeyOf),
    });
  const chroma = new ChromaNearIndex({
    url: options.chromaUrl,
    log,
    maximumCollections: () => settings().maximumCollections,
    source,
  });
  return { index: new LayeredIndex({ hot, cold: chroma, log }), chroma };
}

async function findGraphs(log: Logger): Promise<MakeGraph | undefined> {
  try {
    return await loadGraphs();
  } catch (err) {
    log.warn({ err }, 'usearch cannot be loaded on this machine: no partition is kept in process');
    return undefined;
  }
}
