/** Lookup = exact -> semantic -> template: stops at the first level that may answer. Nothing that fails here is more than a miss. */
import { create } from '@bufbuild/protobuf';
import { Level, type LookupRequest, type LookupResponse, LookupResponseSchema } from '@refrain/contracts';
import { questionOf } from '@refrain/judgement';
import type { Encoded } from '@refrain/rpc';
import { toBytes } from '../embedder/vector.ts';
import type { RedisExactStore } from '../entries/exact-store.ts';
import type { Uses } from '../entries/uses.ts';
import { checkLookup } from '../requests/check-request.ts';
import type { Asked, LevelResult, Shadow } from '../requests/level.ts';
import { missReason } from '../requests/miss-reason.ts';
import type { Settings } from '../requests/settings.ts';
import type { Counts } from '../requests/stats.ts';
import { lookupExact } from './exact-level.ts';
import { lookupSemantic, type SemanticParts } from './semantic-level.ts';
import { lookupTemplate } from './template-level.ts';

/** What a lookup stands on. */
export interface LookupParts extends SemanticParts {
  readonly exact: Pick<RedisExactStore, 'get' | 'set'>;
  readonly counts: Pick<Counts, 'asked' | 'evicted' | 'looked' | 'refused'>;
  readonly uses: Pick<Uses, 'takeLeast' | 'used'>;
  readonly random: () => number;
  readonly settings: () => Settings;
}

const allLevels = [Level.EXACT, Level.SEMANTIC, Level.TEMPLATE];

/** Answers CacheService.Lookup. @throws RefrainError `invalid` */
export async function lookup(request: LookupRequest, parts: LookupParts): Promise<LookupResponse | Encoded> {
  const chat = checkLookup(request);
  const asked: Asked = { request, chat, settings: parts.settings(), nowMs: parts.nowMs() };
  parts.counts.asked();
  let miss = 'empty';
  let shadow: Shadow | undefined;
  for (const level of request.levels.length > 0 ? request.levels : allLevels) {
    const start = performance.now();
    const result = await tryLevel(level, miss, asked, parts);
    parts.counts.looked(level, result, performance.now() - start);
    if ('hit' in result) return result.hit;
    miss = result.miss;
    shadow = result.shadow ?? shadow;
  }
  const vector = vectorOf(asked, parts);
  return create(LookupResponseSchema, { missReason: miss, ...(shadow && { shadow }), ...(vector && { vector }) });
}

/** What the question was embedded to, so that nobody has to do it again. */
function vectorOf({ request, chat }: Asked, { embedder }: LookupParts): Uint8Array | undefined {
  if (request.levels.length > 0 && !request.levels.includes(Level.SEMANTIC)) return undefined;
  const vector = embedder.known(questionOf(chat));
  return vector && toBytes(vector);
}

async function tryLevel(level: Level, lastMiss: string, asked: Asked, parts: LookupParts): Promise<LevelResult> {
  try {
    switch (level) {
      case Level.EXACT:
        return await lookupExact(asked, parts);
      case Level.SEMANTIC:
        // It stands on Redis too: no use in waiting for it twice.
        return lastMiss === 'redis_down' ? { miss: lastMiss } : await lookupSemantic(asked, parts);
      default:
        return lookupTemplate(asked, parts);
    }
  } catch (thrown) {
    return { miss: missReason(thrown, parts) };
  }
}
