/** Lookup = exact -> semantic -> template: stops at the first level that may answer. Nothing that fails here is more than a miss. */
import { create } from '@bufbuild/protobuf';
import {
  AnswerSchema,
  FinishReason,
  Level,
  type LookupRequest,
  type LookupResponse,
  LookupResponseSchema,
  Source,
} from '@refrain/contracts';
import { RefrainError, toRefrainError } from '@refrain/errors';
import { cacheability, exactKey, matchTemplate, partitionKey, questionOf } from '@refrain/judgement';
import type { RedisExactStore } from './exact-store.ts';
import { shorten } from './redis-keys.ts';
import { type LevelResult, lookupSemantic, type SemanticParts } from './semantic.ts';
import type { Settings } from './settings.ts';
import type { Counts } from './stats.ts';
import { toHit } from './to-hit.ts';

/** What a lookup stands on. */
export interface LookupParts extends SemanticParts {
  readonly exact: RedisExactStore;
  readonly counts: Counts;
  readonly settings: () => Settings;
}

const allLevels = [Level.EXACT, Level.SEMANTIC, Level.TEMPLATE];

/** Answers CacheService.Lookup. */
export async function lookup(request: LookupRequest, parts: LookupParts): Promise<LookupResponse> {
  if (!request.chat)
    throw new RefrainError('invalid', 'chat is missing.', { fields: [{ field: 'chat', description: 'is missing' }] });
  const settings = parts.settings();
  let miss = 'empty';
  for (const level of request.levels.length > 0 ? request.levels : allLevels) {
    const start = performance.now();
    const result = await tryLevel(level, request, settings, parts);
    parts.counts.looked(level, result, performance.now() - start);
    if ('answer' in result) return create(LookupResponseSchema, { answer: result.answer });
    miss = result.miss;
  }
  return create(LookupResponseSchema, { missReason: miss });
}

async function tryLevel(
  level: Level,
  request: LookupRequest,
  settings: Settings,
  parts: LookupParts,
): Promise<LevelResult> {
  try {
    switch (level) {
      case Level.EXACT:
        return await lookupExact(request, settings, parts);
      case Level.SEMANTIC:
        return await lookupSemantic(request, settings, parts);
      case Level.TEMPLATE:
        return await lookupTemplate(request, settings, parts);
      default:
        return { miss: 'unknown_level' };
    }
  } catch (thrown) {
    const error = toRefrainError(thrown);
    if (error.code === 'internal') throw error;
    return { miss: error.reason.toLowerCase() };
  }
}

async function lookupExact(request: LookupRequest, settings: Settings, parts: LookupParts): Promise<LevelResult> {
  const { chat, tenant, minimumRank } = request;
  if (!chat || !settings.cache.exact.enabled) return { miss: 'disabled' };
  const entry = await parts.exact.get(tenant, shorten(exactKey(chat, settings.scope(tenant))));
  if (!entry) return { miss: 'empty' };
  if (entry.rank < minimumRank) return { miss: 'below_rank' };
  const answer = toHit(entry, { source: Source.EXACT, reason: 'cache:exact', nowMs: parts.nowMs() });
  return answer ? { answer } : { miss: 'empty' };
}

/** A template marked `always`. Filled, it is kept under its exact key for its own time. */
async function lookupTemplate(request: LookupRequest, settings: Settings, parts: LookupParts): Promise<LevelResult> {
  const { chat, classification, tenant } = request;
  const match = chat && matchTemplate(settings.templates, questionOf(chat), 'always');
  if (!chat || !match) return { miss: 'empty' };
  const answer = create(AnswerSchema, {
    text: match.answer,
    finishReason: FinishReason.STOP,
    usage: {},
    cost: {},
    provenance: {
      source: Source.TEMPLATE,
      provider: 'template',
      model: match.name,
      reason: 'cache:template',
      ...(classification && { classification }),
    },
    createdAtMs: BigInt(parts.nowMs()),
  });
  if (classification && cacheability(chat, classification, settings.cache.maximumTemperature).exact) {
    const scope = settings.scope(tenant);
    const kept = {
      tenant,
      id: shorten(exactKey(chat, scope)),
      partition: shorten(partitionKey(chat, scope)),
      answer,
      rank: templateRank,
    };
    parts.exact
      .set(kept, settings.cache.template.ttlSeconds, parts.nowMs())
      .catch((thrown) => parts.counts.refused(toRefrainError(thrown).reason.toLowerCase()));
  }
  return { answer };
}

/** The operator wrote it: no model's answer ranks higher. */
const templateRank = 5;
