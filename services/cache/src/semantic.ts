/**
 * The semantic level: embed the question, find its neighbours, check them against Redis, let the verifier decide, ask what was learned.
 * Every step has a deadline, all of them together have one, and whatever fails is a miss with its reason.
 */
import { cacheability, partitionKey, questionOf } from '@refrain/judgement';
import { withTimeout } from '@refrain/resilience';
import type { Embedder } from './embedder/embedder.ts';
import type { NearIndex } from './index/near-index.ts';
import type { Learning } from './learning/learning.ts';
import { type Match, release, savedBy } from './learning/release.ts';
import type { Asked, LevelResult } from './level.ts';
import type { RedisNearStore } from './near-store.ts';
import { neighbours } from './neighbours.ts';
import type { Partition } from './partition.ts';
import { shorten } from './redis-keys.ts';
import { cosine } from './vector.ts';

/** What the level stands on. */
export interface SemanticParts {
  readonly embedder: Embedder;
  readonly index: NearIndex;
  readonly near: RedisNearStore;
  readonly learning: Learning;
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
  if (!parts.learning.mayLook(partition, settings)) return { miss: 'break_even' };
  const [size] = await Promise.all([parts.near.size(partition, nowMs), parts.index.prepare(partition)]);
  return size === 0 ? { miss: 'empty' } : metered(partition, size, asked, parts);
}

/** The part of it that takes time, and what that was worth. */
async function metered(partition: Partition, size: number, asked: Asked, parts: SemanticParts): Promise<LevelResult> {
  const began = performance.now();
  let saved: { readonly nanoUsd: bigint } | undefined;
  try {
    const match = await compare(partition, size, asked, parts);
    if ('miss' in match) return match;
    const result = await release(match, partition, asked, parts.learning);
    if ('hit' in result || result.miss === 'shadow') saved = savedBy(match);
    return result;
  } finally {
    parts.learning.looked(partition, performance.now() - began, saved);
  }
}

/** The entry that the verifier, as it shipped, takes for the same. */
async function compare(
  partition: Partition,
  size: number,
  asked: Asked,
  parts: SemanticParts,
): Promise<Match | { readonly miss: string }> {
  const { request, chat, settings } = asked;
  const { classification, minimumRank } = request;
  if (!classification) return { miss: 'no_classification' };
  const question = questionOf(chat);
  const vector = await parts.embedder.embed(question);
  const found = await neighbours({ partition, vector, size }, asked, parts);
  if (!found) return { miss: 'index_not_ready' };
  const ranked = found.filter(({ entry }) => entry.rank >= minimumRank);
  if (ranked.length === 0 && found.length > 0) return { miss: 'below_rank' };
  const verdict = settings.verifier.decide(
    question,
    ranked.map((each) => ({ question: each.entry.question, cosine: cosine(vector, each.vector) })),
    { classification },
  );
  if ('refuse' in verdict) return { miss: verdict.refuse };
  const near = ranked[verdict.accept];
  return near ? { near, confidence: verdict.confidence } : { miss: 'empty' };
}
