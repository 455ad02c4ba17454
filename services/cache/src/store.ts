import { clone, create } from '@bufbuild/protobuf';
import { AnswerSchema, type StoreRequest, type StoreResponse, StoreResponseSchema } from '@refrain/contracts';
import { RefrainError, toRefrainError } from '@refrain/errors';
import { admit, cacheability, exactKey, partitionKey, questionOf } from '@refrain/judgement';
import type { Embedder } from './embedder/embedder.ts';
import type { Kept, RedisExactStore } from './exact-store.ts';
import type { NearIndex } from './index/near-index.ts';
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

/** Answers CacheService.Store: keeps an answer where policy admits it, under its exact key and, where it may, under its meaning. */
export async function store(request: StoreRequest, parts: StoreParts): Promise<StoreResponse> {
  const { chat, classification, answer, tenant, rank } = request;
  if (!chat || !classification || !answer)
    throw new RefrainError('invalid', 'chat, classification and answer are needed.');
  const settings = parts.settings();
  const able = cacheability(chat, classification, settings.cache.maximumTemperature);
  const admission = admit(answer);
  const reason = !admission.admitted ? admission.reason : !settings.cache.exact.enabled ? 'disabled' : able.exactReason;
  if (reason !== undefined) return refuse(parts, reason);
  const scope = settings.scope(tenant);
  const id = shorten(exactKey(chat, scope));
  const partition = shorten(partitionKey(chat, scope));
  const entryId = toEntryId(id, partition);
  const stored = clone(AnswerSchema, answer);
  if (stored.provenance) stored.provenance.entryId = entryId;
  // Another request's name has no place in an answer that others will get.
  stored.requestId = '';
  const kept: Kept = { tenant, id, partition, answer: stored, rank };
  try {
    await parts.exact.set(kept, settings.cache.exact.ttlSeconds, parts.nowMs());
  } catch (thrown) {
    return refuse(parts, toRefrainError(thrown).reason.toLowerCase());
  }
  if (able.semantic && settings.cache.semantic.enabled) await storeNear(kept, questionOf(chat), settings, parts);
  parts.counts.stored();
  return create(StoreResponseSchema, { stored: true, entryId });
}

/** The exact entry stands already; that it cannot also be found by meaning is counted, not an error. */
async function storeNear(kept: Kept, question: string, settings: Settings, parts: StoreParts): Promise<void> {
  if (!parts.embedder.ready) return parts.counts.refused('no_model');
  try {
    const vector = await parts.embedder.embed(question);
    await parts.near.set(kept, question, vector, settings.cache.semantic.ttlSeconds, parts.nowMs());
    parts.index.add({ tenant: kept.tenant, key: kept.partition }, kept.id, vector);
  } catch (thrown) {
    parts.counts.refused(`near_${toRefrainError(thrown).reason.toLowerCase()}`);
  }
}

function refuse(parts: StoreParts, refusedReason: string): StoreResponse {
  parts.counts.refused(refusedReason);
  return create(StoreResponseSchema, { refusedReason });
}
