/**
 * The semantic level: embed the question, find its neighbours, check them against Redis, let the verifier decide, ask what was learned.
 * Every step has a deadline, all of them together have one, and whatever fails is a miss with its reason.
 */
import { cacheability, type Way, waysOf } from '@refrain/judgement';
import { withTimeout } from '@refrain/resilience';
import { reachBack } from '../entries/life.ts';
import { shorten } from '../entries/redis-keys.ts';
import type { Learning } from '../learning/learning.ts';
import type { Asked, LevelResult } from '../requests/level.ts';
import { type CompareParts, compare, type StoredSet } from './compare.ts';
import { glance } from './glance.ts';
import { type AliasParts, leaveAlias } from './leave-alias.ts';
import { release, savedBy } from './release.ts';

/** What the level stands on. */
export interface SemanticParts extends AliasParts, CompareParts {
  readonly learning: Pick<
    Learning,
    'compared' | 'looked' | 'mayLook' | 'refusal' | 'served' | 'shift' | 'trust' | 'wouldHit'
  >;
  readonly nowMs: () => number;
}

const levelMs = 400;

/** Looks a question up by its meaning. @throws RefrainError where a part fails, `deadline` where all together take too long */
export function lookupSemantic(asked: Asked, parts: SemanticParts): Promise<LevelResult> {
  const late = new AbortController();
  return withTimeout(search(asked, parts, late.signal), levelMs, 'The semantic lookup', () => late.abort());
}

async function search(asked: Asked, parts: SemanticParts, late: AbortSignal): Promise<LevelResult> {
  const { request, chat, settings } = asked;
  const { classification, tenant } = request;
  if (!settings.cache.semantic.enabled) return { miss: 'disabled' };
  if (!classification) return { miss: 'no_classification' };
  const { semantic, semanticReason = 'empty' } = cacheability(chat, classification, settings.cache.maximumTemperature);
  if (!semantic) return { miss: semanticReason };
  if (!parts.embedder.ready) return { miss: 'no_model' };
  let miss = 'empty';
  for (const way of waysOf(chat, settings.scope(tenant))) {
    const result = await lookIn(way, asked, parts, late);
    if ('hit' in result || result.shadow) return result;
    // That a set is empty says less than what was found in another.
    if (result.miss !== 'empty') miss = result.miss;
  }
  return { miss };
}

async function lookIn(way: Way, asked: Asked, parts: SemanticParts, late: AbortSignal): Promise<LevelResult> {
  const { request, settings, nowMs } = asked;
  const partition = { tenant: request.tenant, key: shorten(way.partition) };
  // Where nobody else answers, no time is saved by not looking.
  if (!request.acceptStale && !parts.learning.mayLook(partition, settings)) return { miss: 'break_even' };
  const since = reachBack(nowMs, request, settings.cache);
  const glances = request.acceptStale ? new Map() : glance(way.texts, partition, asked, parts);
  const [size] = await parts.times.taken('redis', () =>
    Promise.all([parts.near.size(partition, since), parts.index.prepare(partition)]),
  );
  return size === 0 ? { miss: 'empty' } : metered({ way, partition, size, glances }, asked, parts, late);
}

/** The part of it that takes time, and what that was worth. */
async function metered(set: StoredSet, asked: Asked, parts: SemanticParts, late: AbortSignal): Promise<LevelResult> {
  const { partition } = set;
  const began = performance.now();
  let saved: { readonly nanoUsd: bigint } | undefined;
  try {
    const match = await compare(set, asked, parts);
    if ('miss' in match) return match;
    const result = await release(match, partition, asked, parts.learning);
    // Nobody waits for it any more: it is served to nobody, and saves nothing.
    if (late.aborted) return { miss: 'deadline' };
    if ('hit' in result) {
      parts.learning.served(partition, match.confidence);
      leaveAlias(match, partition, asked, parts);
    }
    if ('hit' in result || result.miss === 'shadow') saved = savedBy(match);
    return result;
  } finally {
    parts.learning.looked(partition, performance.now() - began, saved);
  }
}
