/**
 * The semantic level: embed the question, find its neighbours, check them against Redis, let the verifier decide. Every step has a
 * deadline, and whatever fails is a miss with its reason.
 */
import type { Answer, LookupRequest } from '@refrain/contracts';
import { Source } from '@refrain/contracts';
import { cacheability, partitionKey, questionOf } from '@refrain/judgement';
import type { Embedder } from './embedder/embedder.ts';
import type { NearIndex, Partition } from './index/near-index.ts';
import { cosine, type RedisNearStore, toVector } from './near-store.ts';
import { shorten } from './redis-keys.ts';
import type { Settings } from './settings.ts';
import { toHit } from './to-hit.ts';

/** What the level stands on. */
export interface SemanticParts {
  readonly embedder: Embedder;
  readonly index: NearIndex;
  readonly near: RedisNearStore;
  readonly nowMs: () => number;
}

/** A hit, or why there is none. */
export type LevelResult = { readonly answer: Answer } | { readonly miss: string };

/** Partitions up to this many entries are compared in process where the index cannot serve: 0.8 ms for 1,000. */
const scanLimit = 1000;

/** Looks a question up by its meaning. @throws RefrainError where a part fails */
export async function lookupSemantic(
  request: LookupRequest,
  settings: Settings,
  parts: SemanticParts,
): Promise<LevelResult> {
  const { chat, classification, tenant } = request;
  if (!settings.cache.semantic.enabled) return { miss: 'disabled' };
  if (!chat || !classification) return { miss: 'no_chat' };
  const { semantic, semanticReason = 'empty' } = cacheability(chat, classification, settings.cache.maximumTemperature);
  if (!semantic) return { miss: semanticReason };
  if (!parts.embedder.ready) return { miss: 'no_model' };
  const partition = { tenant, key: shorten(partitionKey(chat, settings.scope(tenant))) };
  const nowMs = parts.nowMs();
  const size = await parts.near.size(tenant, partition.key, nowMs);
  if (size === 0) return { miss: 'empty' };
  const question = questionOf(chat);
  const vector = await parts.embedder.embed(question);
  const ids = await nearest(partition, vector, size, settings.cache.semantic.topK, parts);
  if (!ids) return { miss: 'index_not_ready' };

  const entries = await parts.near.getMany(tenant, partition.key, ids, nowMs);
  const stale = ids.filter((_, i) => !entries[i]);
  if (stale.length > 0) parts.index.remove(partition, stale);
  const found = entries.filter((entry) => entry !== undefined).filter(({ rank }) => rank >= request.minimumRank);
  const candidates = found.map((entry) => ({
    question: entry.question,
    cosine: cosine(vector, toVector(entry.vector)),
  }));
  const verdict = settings.verifier.decide(question, candidates, {
    classification,
    minimumConfidence: request.minimumConfidence,
  });
  if ('refuse' in verdict) return { miss: verdict.refuse };
  const entry = found[verdict.accept];
  const answer =
    entry && toHit(entry, { source: Source.SEMANTIC, reason: 'cache:semantic', nowMs, confidence: verdict.confidence });
  return answer ? { answer } : { miss: 'empty' };
}

async function nearest(
  partition: Partition,
  vector: Float32Array,
  size: number,
  count: number,
  parts: SemanticParts,
): Promise<string[] | undefined> {
  try {
    const ids = await parts.index.query(partition, vector, count);
    if (ids) return ids;
  } catch (error) {
    if (size > scanLimit) throw error;
  }
  if (size > scanLimit) return undefined;
  const vectors = await parts.near.vectors(partition.tenant, partition.key, scanLimit, parts.nowMs());
  return vectors
    .map(({ id, vector: other }) => ({ id, cosine: cosine(vector, other) }))
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, count)
    .map(({ id }) => id);
}
