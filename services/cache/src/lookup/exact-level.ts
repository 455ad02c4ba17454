/** The first level: the very same request, in one read; or an alias, which a hit by meaning has left under the request's key. */
import type { Entry } from '@refrain/contracts';
import { exactKey } from '@refrain/judgement';
import type { RedisExactStore } from '../entries/exact-store.ts';
import { toAliasHit, toExactHit } from '../entries/hit.ts';
import { reachBack, tooLate } from '../entries/life.ts';
import type { RedisNearStore } from '../entries/near-store.ts';
import { fromEntryId, shorten, toEntryId } from '../entries/redis-keys.ts';
import type { Uses } from '../entries/uses.ts';
import type { Learning } from '../learning/learning.ts';
import type { Asked, LevelResult } from '../requests/level.ts';

/** What the level stands on. */
export interface ExactParts {
  readonly exact: Pick<RedisExactStore, 'get'>;
  readonly near: Pick<RedisNearStore, 'getMany'>;
  readonly learning: Pick<Learning, 'refusal' | 'served'>;
  readonly uses: Pick<Uses, 'used'>;
}

/** Looks a question up by its exact key. @throws RefrainError `unavailable` */
export async function lookupExact(asked: Asked, parts: ExactParts): Promise<LevelResult> {
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
async function lookupAlias(id: string, alias: Entry, asked: Asked, parts: ExactParts): Promise<LevelResult> {
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
