import { create } from '@bufbuild/protobuf';
import { type Answer, type Chat, type StoreRequest, type StoreResponse, StoreResponseSchema } from '@refrain/contracts';
import { admit, type Cacheability, cacheability, exactKey, partitionKey, questionOf, ttlsOf } from '@refrain/judgement';
import type { Embedder } from '../embedder/embedder.ts';
import type { RedisExactStore } from '../entries/exact-store.ts';
import { toStoredHit } from '../entries/hit.ts';
import type { Kept } from '../entries/kept.ts';
import { type Life, lifeOf } from '../entries/life.ts';
import type { RedisNearStore } from '../entries/near-store.ts';
import { shorten, toEntryId } from '../entries/redis-keys.ts';
import type { NearIndex } from '../index/near-index.ts';
import type { Trust } from '../learning/entry-trust.ts';
import type { Learning } from '../learning/learning.ts';
import type { Removal } from '../removal/removal.ts';
import { makeRoom, type RoomParts } from '../removal/room.ts';
import { checkStore } from '../requests/check-request.ts';
import { type Faults, missReason } from '../requests/miss-reason.ts';
import type { Settings } from '../requests/settings.ts';
import type { Counts } from '../requests/stats.ts';
import { isTooPersonal } from '../requests/too-personal.ts';
import { supersede } from './supersede.ts';

/** What a store stands on. */
export interface StoreParts extends RoomParts, Faults {
  readonly exact: RedisExactStore;
  readonly removal: Removal;
  readonly counts: Counts;
  readonly near: RedisNearStore;
  readonly index: NearIndex;
  readonly embedder: Embedder;
  readonly learning: Learning;
  /** From 0 to 1, for the jitter of lifetimes. */
  readonly random: () => number;
}

interface Offered {
  readonly chat: Chat;
  readonly answer: Answer;
  readonly able: Cacheability;
  readonly cache: Settings['cache'];
}

/**
 * Answers CacheService.Store: keeps an answer where policy admits it, under its exact key and, where it may, under its meaning.
 * A refusal, also for a part that is away, is an answer with its reason. @throws RefrainError `invalid`
 */
export async function store(request: StoreRequest, parts: StoreParts): Promise<StoreResponse> {
  const { chat, classification, answer } = checkStore(request);
  const { cache, scope } = parts.settings();
  const able = cacheability(chat, classification, cache.maximumTemperature);
  const reason = whyNotKept({ chat, answer, able, cache });
  if (reason !== undefined) return refuse(parts, reason);
  const nowMs = parts.nowMs();
  const names = scope(request.tenant);
  const kept = toKept(request, shorten(exactKey(chat, names)), shorten(partitionKey(chat, names)));
  const { tenant, model, entryId } = kept;
  const { ttlSeconds } = request;
  const ttls = ttlsOf({ tenant, models: [chat.model || 'auto', model], classification, ttlSeconds }, cache);
  const toLife = (seconds: number) => lifeOf(seconds, nowMs, { cache, random: parts.random });
  const whyNot = cache.semantic.enabled ? able.semanticReason : 'disabled';
  // In the same visit to Redis as what the answer replaces.
  const trust = whyNot === undefined ? parts.learning.trust.of({ tenant, key: kept.partition }, kept.id) : undefined;
  // The exact half may be refused before anybody waits for it.
  trust?.catch(() => undefined);
  try {
    const leaves = await supersede(kept, parts);
    if (!(await parts.exact.set(kept, toLife(ttls.exact), leaves))) return refuse(parts, 'invalidated');
  } catch (thrown) {
    return refuse(parts, missReason(thrown, parts));
  }
  parts.learning.answered({ tenant, key: kept.partition }, request.tookMs);
  const near = trust && { trust, question: questionOf(chat), life: toLife(ttls.semantic) };
  const exactOnlyReason = (near ? await storeNear(kept, near, parts) : whyNot) ?? '';
  parts.counts.stored();
  await makeRoom(tenant, parts).catch((thrown) => parts.counts.refused(`room_${missReason(thrown, parts)}`));
  return create(StoreResponseSchema, { stored: true, entryId, exactOnlyReason });
}

/** Why policy keeps an answer out. */
function whyNotKept({ chat, answer, able, cache }: Offered): string | undefined {
  const admission = admit(answer);
  if (!admission.admitted) return admission.reason;
  if (!cache.exact.enabled) return 'disabled';
  if (able.storeReason !== undefined) return able.storeReason;
  return isTooPersonal(chat, answer.text, cache) ? 'personal_data' : undefined;
}

function toKept({ tenant, rank, tags, answer, askedAtMs }: StoreRequest, id: string, partition: string) {
  const { provider = '', model = '' } = answer?.provenance ?? {};
  const entryId = toEntryId(id, partition);
  return {
    ...{ tenant, id, partition, entryId, rank, tags, model: `${provider}/${model}` },
    hit: answer ? toStoredHit(answer, entryId) : new Uint8Array(),
    askedAtMs: askedAtMs === 0n ? Number.MAX_SAFE_INTEGER : Number(askedAtMs),
  };
}

/** The exact entry stands already; why it cannot also be found by meaning is counted and told, not an error. */
async function storeNear(
  kept: Kept,
  { trust, question, life }: { trust: Promise<Trust>; question: string; life: Life },
  parts: StoreParts,
): Promise<string | undefined> {
  const refuse = (reason: string) => {
    parts.counts.refused(`near_${reason}`);
    return reason;
  };
  if (!parts.embedder.ready) return refuse('no_model');
  const partition = { tenant: kept.tenant, key: kept.partition };
  try {
    const { quarantined } = await trust;
    if (quarantined) return refuse('quarantined');
    const vector = await parts.embedder.embed(question, 'patient');
    const over = await parts.near.set(kept, { question, vector, life });
    if (typeof over === 'string') return refuse(over);
    parts.index.add(partition, kept.id, vector);
    parts.index.remove(
      partition,
      over.filter((id) => id !== kept.id),
    );
    return undefined;
  } catch (thrown) {
    return refuse(missReason(thrown, parts));
  }
}

/** The answer to an offer that is refused, which is counted. */
export function refuse(parts: Pick<StoreParts, 'counts'>, refusedReason: string): StoreResponse {
  parts.counts.refused(refusedReason);
  return create(StoreResponseSchema, { refusedReason });
}
