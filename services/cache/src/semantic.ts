/**
 * The semantic level: embed the question, find its neighbours, check them against Redis, let the verifier decide. Every step has a
 * deadline, all of them together have one, and whatever fails is a miss with its reason.
 */
import { cacheability, partitionKey, questionOf } from '@refrain/judgement';
import { withTimeout } from '@refrain/resilience';
import type { Embedder } from './embedder/embedder.ts';
import { toSemanticHit } from './hit.ts';
import type { NearIndex } from './index/near-index.ts';
import type { Asked, LevelResult } from './level.ts';
import type { RedisNearStore } from './near-store.ts';
import { neighbours } from './neighbours.ts';
import { shorten } from './redis-keys.ts';
import { cosine } from './vector.ts';

/** What the level stands on. */
export interface SemanticParts {
  readonly embedder: Embedder;
  readonly index: NearIndex;
  readonly near: RedisNearStore;
  readonly nowMs: () => number;
}

const levelMs = 400;

/** Looks a question up by its meaning. @throws RefrainError where a part fails, `deadline` where all together take too long */
export function lookupSemantic(asked: Asked, parts: SemanticParts): Promise<LevelResult> {
  return withTimeout(search(asked, parts), levelMs, 'The semantic lookup');
}

async function search(asked: Asked, parts: SemanticParts): Promise<LevelResult> {
  const { request, chat, settings, nowMs } = asked;
  const { classification, tenant } = request;
  if (!settings.cache.semantic.enabled) return { miss: 'disabled' };
  if (!classification) return { miss: 'no_classification' };
  const { semantic, semanticReason = 'empty' } = cacheability(chat, classification, settings.cache.maximumTemperature);
  if (!semantic) return { miss: semanticReason };
  if (!parts.embedder.ready) return { miss: 'no_model' };
  const partition = { tenant, key: shorten(partitionKey(chat, settings.scope(tenant))) };
  const [size] = await Promise.all([parts.near.size(partition, nowMs), parts.index.prepare(partition)]);
  if (size === 0) return { miss: 'empty' };
  const question = questionOf(chat);
  const vector = await parts.embedder.embed(question);
  const found = await neighbours({ partition, vector, size }, asked, parts);
  if (!found) return { miss: 'index_not_ready' };
  const ranked = found.filter(({ entry }) => entry.rank >= request.minimumRank);
  if (ranked.length === 0 && found.length > 0) return { miss: 'below_rank' };
  const verdict = settings.verifier.decide(
    question,
    ranked.map((each) => ({ question: each.entry.question, cosine: cosine(vector, each.vector) })),
    { classification, minimumConfidence: request.minimumConfidence },
  );
  if ('refuse' in verdict) return { miss: verdict.refuse };
  const accepted = ranked[verdict.accept];
  return accepted ? { hit: toSemanticHit(accepted.entry, nowMs, verdict.confidence) } : { miss: 'empty' };
}
