import { create } from '@bufbuild/protobuf';
import { type StoreRequest, type StoreResponse, StoreResponseSchema } from '@refrain/contracts';
import { toRefrainError } from '@refrain/errors';
import { admit, cacheability, exactKey, partitionKey, questionOf } from '@refrain/judgement';
import { checkStore } from './check-request.ts';
import type { Embedder } from './embedder/embedder.ts';
import type { Kept, RedisExactStore } from './exact-store.ts';
import { toStoredHit } from './hit.ts';
import type { NearIndex } from './index/near-index.ts';
import { missReason } from './lookup.ts';
import type { RedisNearStore } from './near-store.ts';
import { shorten, toEntryId } from './redis-keys.ts';
import type { Settings } from './settings.ts';
import type { Counts } from './stats.ts';

/** What a store stands on. */
export interface StoreParts {
  readonly exact: RedisExactStore;
  readonly near: RedisNearStore;
  readonly index: NearIndex;
  readonly embedder: Embedder;
  readonly counts: Counts;
  readonly settings: () => Settings;
  readonly nowMs: () => number;
}

/**
 * Answers CacheService.Store: keeps an answer where policy admits it, under its exact key and, where it may, under its meaning.
 * A refusal, also for a part that is away, is an answer with its reason. @throws RefrainError `invalid`
 */
export async function store(request: StoreRequest, parts: StoreParts): Promise<StoreResponse> {
  const { chat, classification, answer } = checkStore(request);
  const { tenant, rank } = request;
  const settings = parts.settings();
  const able = cacheability(chat, classification, settings.cache.maximumTemperature);
  const admission = admit(answer);
  const reason = !admission.admitted ? admission.reason : !settings.cache.exact.enabled ? 'disabled' : able.exactReason;
  if (reason !== undefined) return refuse(parts, reason);
  const scope = settings.scope(tenant);
  const id = shorten(exactKey(chat, scope));
  const partition = shorten(partitionKey(chat, scope));
  const entryId = toEntryId(id, partition);
  const kept: Kept = { tenant, id, partition, hit: toStoredHit(answer, entryId), rank };
  try {
    await parts.exact.set(kept, settings.cache.exact.ttlSeconds, parts.nowMs());
  } catch (thrown) {
    return refuse(parts, missReason(toRefrainError(thrown)));
  }
  const whyNot = settings.cache.semantic.enabled ? able.semanticReason : 'disabled';
  const exactOnlyReason = whyNot ?? (await storeNear(kept, questionOf(chat), settings, parts)) ?? '';
  parts.counts.stored();
  return create(StoreResponseSchema, { stored: true, entryId, exactOnlyReason });
}

/** The exact entry stands already; why it cannot also be found by meaning is counted and told, not an error. */
async function storeNear(
  kept: Kept,
  question: string,
  settings: Settings,
  parts: StoreParts,
): Promise<string | undefined> {
  const refuse = (reason: string) => {
    parts.counts.refused(`near_${reason}`);
    return reason;
  };
  if (!parts.embedder.ready) return refuse('no_model');
  const partition = { tenant: kept.tenant, key: kept.partition };
  const { ttlSeconds } = settings.cache.semantic;
  try {
    const vector = await parts.embedder.embed(question, 'patient');
    const expired = await parts.near.set(kept, { question, vector, ttlSeconds, nowMs: parts.nowMs() });
    parts.index.add(partition, kept.id, vector);
    parts.index.remove(
      partition,
      expired.filter((id) => id !== kept.id),
    );
    return undefined;
  } catch (thrown) {
    return refuse(missReason(toRefrainError(thrown)));
  }
}

function refuse(parts: StoreParts, refusedReason: string): StoreResponse {
  parts.counts.refused(refusedReason);
  return create(StoreResponseSchema, { refusedReason });
}
