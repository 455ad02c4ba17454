/** Building the index anew from Redis: one partition after the other, by one process at a time. */
import { RefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import type { ChromaNearIndex } from './chroma/chroma-index.ts';
import type { Generation, Generations, RebuildLock } from './chroma/generations.ts';
import type { HotIndex } from './hot/hot-index.ts';
import type { NearSource, Progress } from './near-index.ts';

/** What a rebuild stands on. */
export interface RebuildParts {
  readonly chroma: ChromaNearIndex;
  readonly hot: HotIndex | undefined;
  readonly generations: Generations;
  /** Reads partitions of the tenant whose keys begin so. */
  readonly sourceUnder: (prefix: string) => NearSource;
  readonly log: Logger;
}

interface Chosen {
  readonly key: string;
  readonly generation: Generation;
  readonly source: NearSource;
}

/**
 * Builds every collection anew that belongs to a tenant (by the beginning of its keys), or all of them. The last progress has
 * done = total; who stops listening stops it, and what is not finished then stays as it was.
 * @throws RefrainError `overloaded` (REBUILD_UNDER_WAY); `unavailable` where a part does not answer
 */
export async function* rebuild(prefix: string | undefined, parts: RebuildParts): AsyncGenerator<Progress> {
  const { chroma, generations } = parts;
  if (!chroma.ready) throw new RefrainError('unavailable', 'Chroma does not answer.', { reason: 'CHROMA_DOWN' });
  const lock = await generations.lock();
  if (!lock)
    throw new RefrainError('overloaded', 'The index is being rebuilt already.', {
      reason: 'REBUILD_UNDER_WAY',
      retryAfterMs: 10_000,
    });
  try {
    yield* rebuildChosen(await choose(prefix, parts), lock, parts);
  } finally {
    await lock.release();
  }
}

/** The same for one partition, in the background; another rebuild under way is left alone. */
export async function rebuildWorn(key: string, parts: RebuildParts): Promise<void> {
  const { generations, log, sourceUnder } = parts;
  const lock = await generations.lock();
  if (!lock) return;
  try {
    const generation = (await generations.all()).get(key);
    if (!generation) return;
    const source = sourceUnder(generation.prefix);
    for await (const { done, total } of rebuildChosen([{ key, generation, source }], lock, parts))
      log.debug({ partition: key, done, total }, 'a worn index collection is being rebuilt');
    log.info({ partition: key }, 'a worn index collection was rebuilt');
  } finally {
    await lock.release();
  }
}

async function choose(prefix: string | undefined, { generations, sourceUnder }: RebuildParts): Promise<Chosen[]> {
  return [...(await generations.all())]
    .filter(([, generation]) => prefix === undefined || generation.prefix === prefix)
    .map(([key, generation]) => ({ key, generation, source: sourceUnder(generation.prefix) }));
}

async function* rebuildChosen(
  chosen: readonly Chosen[],
  lock: RebuildLock,
  { chroma, hot, log }: RebuildParts,
): AsyncGenerator<Progress> {
  let [done, total] = [0, 0];
  for (const { key, source } of chosen) total += await source.size({ tenant: '', key });
  for (const { key, generation, source } of chosen) {
    yield { done, total, partition: key };
    for await (const count of chroma.rebuild(key, generation, source)) {
      await lock.renew();
      done += count;
      // Entries have come meanwhile.
      total = Math.max(total, done);
      yield { done, total, partition: key };
    }
    // Its graph is read in anew when it is next looked into.
    hot?.forget({ tenant: '', key });
    await lock.renew();
  }
  log.info({ partitions: chosen.length, vectors: done }, 'index collections were rebuilt from redis');
  yield { done, total: done, partition: '' };
}
