/** Lookup = exact -> semantic -> template: stops at the first level that may answer. Nothing that fails here is more than a miss. */
import { create } from '@bufbuild/protobuf';
import { type Entry, Level, type LookupRequest, type LookupResponse, LookupResponseSchema } from '@refrain/contracts';
import { type RefrainError, toRefrainError } from '@refrain/errors';
import { exactKey, questionOf } from '@refrain/judgement';
import type { Encoded } from '@refrain/rpc';
import { toBytes } from '../embedder/vector.ts';
import type { RedisExactStore } from '../entries/exact-store.ts';
import { toAliasHit, toExactHit } from '../entries/hit.ts';
import { reachBack, tooLate } from '../entries/life.ts';
import { fromEntryId, shorten, toEntryId } from '../entries/redis-keys.ts';
import type { Uses } from '../entries/uses.ts';
import { checkLookup } from '../requests/check-request.ts';
import type { Asked, LevelResult, Shadow } from '../requests/level.ts';
import { missReason } from '../requests/miss-reason.ts';
import type { Settings } from '../requests/settings.ts';
import type { Counts } from '../requests/stats.ts';
import { lookupSemantic, type SemanticParts } from './semantic-level.ts';
import { lookupTemplate } from './template-level.ts';

/** What a lookup stands on. */
export interface LookupParts extends SemanticParts {
  readonly exact: Pick<RedisExactStore, 'get' | 'set'>;
  readonly counts: Pick<Counts, 'asked' | 'evicted' | 'looked' | 'refused'>;
  readonly uses: Pick<Uses, 'takeLeast' | 'used'>;
  readonly random: () => number;
  readonly settings: () => Settings;
  /** Hears of entries that are in Redis and cannot be read, and of bugs. */
  readonly onFault: (error: RefrainError) => void;
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
    const error = toRefrainError(thrown);
    if (error.code === 'internal' || error.reason === 'BAD_ENTRY') parts.onFault(error);
    return { miss: missReason(error) };
  }
}

async function lookupExact(asked: Asked, parts: LookupParts): Promise<LevelResult> {
  const { request, chat, settings, nowMs } = asked;
  if (!settings.cache.exact.enabled) return { miss: 'disabled' };
  const { tenant, minimumRank } = request;
  const key = request.exactKey || exactKey(chat, settings.scope(tenant));
  const id = shorten(key);
  const entry = await parts.exact.get(tenant, id);
  if (!entry) return { miss: 'empty' };
  if (entry.aliasOf !== '') return lookupAlias(id, entry, asked, parts);
  if (entry.template !== '' && !settings.isCurrent(entry.template)) return { miss: 'template_changed' };
  if (entry.rank < minimumRank) return { miss: 'below_rank' };
  const late = tooLate(entry, request, { nowMs, cache: settings.cache });
  if (late) return { miss: late };
  parts.uses.used(tenant, toEntryId(id, entry.partition));
  return { hit: toExactHit(entry, nowMs) };
}

/** A question that meaning has answered before: whether it may again is asked of its target, and of what was learned since. */
async function lookupAlias(id: string, alias: Entry, asked: Asked, parts: LookupParts): Promise<LevelResult> {
  const { request, settings, nowMs } = asked;
  const { tenant, minimumConfidence = 0, minimumRank } = request;
  if (alias.confidence < minimumConfidence) return { miss: 'below_confidence' };
  const of = fromEntryId(alias.aliasOf);
  const { cache } = settings;
  // One that was left before aliases were switched off answers no longer.
  if (!of || !cache.semantic.alias) return { miss: 'empty' };
  const partition = { tenant, key: of.partition };
  const [[found], refusal] = await Promise.all([
    parts.near.getMany(partition, [of.id], reachBack(nowMs, request, cache)),
    parts.learning.refusal(partition, { id: of.id, confidence: alias.confidence }, settings),
  ]);
  if (!found) return { miss: 'empty' };
  if (refusal) return { miss: refusal };
  if (found.entry.rank < minimumRank) return { miss: 'below_rank' };
  const late = tooLate(found.entry, request, { nowMs, cache });
  if (late) return { miss: late };
  if (cache.semantic.shadow) return { miss: 'shadow' };
  parts.uses.used(tenant, alias.aliasOf);
  parts.uses.used(tenant, toEntryId(id, alias.partition));
  parts.learning.served(partition, alias.confidence);
  return { hit: toAliasHit(found.entry, nowMs, alias.confidence) };
}
