import { create } from '@bufbuild/protobuf';
import { type RebuildRequest, type RebuildResponse, RebuildResponseSchema } from '@refrain/contracts';
import type { RedisKeys } from '../entries/redis-keys.ts';
import type { NearIndex } from './near-index.ts';

/** What a rebuild is asked of. */
export interface RebuildIndexParts {
  readonly index: NearIndex;
  readonly keys: RedisKeys;
}

/**
 * Answers CacheService.Rebuild: builds the index of one tenant, or of all, anew from Redis. A caller that leaves stops it; partitions that
 * are done stay so. @throws RefrainError `overloaded` (REBUILD_UNDER_WAY), `unavailable` (CHROMA_DOWN and others)
 */
export async function* rebuildIndex(
  { tenant }: RebuildRequest,
  { index, keys }: RebuildIndexParts,
): AsyncGenerator<RebuildResponse> {
  const prefix = tenant === '' ? undefined : keys.prefix(tenant);
  for await (const { done, total, partition } of index.rebuild(prefix))
    yield create(RebuildResponseSchema, { done: BigInt(done), total: BigInt(total), partition });
}
