import { exactKey } from '@refrain/judgement';
import type { Aliases } from '../entries/aliases.ts';
import type { Partition } from '../entries/partition.ts';
import { shorten, toEntryId } from '../entries/redis-keys.ts';
import type { Uses } from '../entries/uses.ts';
import { makeRoom, type RoomParts } from '../removal/room.ts';
import type { Asked } from '../requests/level.ts';
import { type Faults, missReason } from '../requests/miss-reason.ts';
import type { Counts } from '../requests/stats.ts';
import type { Match } from './release.ts';

/** What it takes to leave an alias. */
export interface AliasParts extends RoomParts, Faults {
  readonly aliases: Pick<Aliases, 'keep'>;
  readonly uses: Pick<Uses, 'takeLeast' | 'used'>;
  readonly counts: Pick<Counts, 'evicted' | 'refused'>;
}

/**
 * An entry answered by meaning: it was used, and the same request finds it by an alias next time. In the background: the answer does not
 * wait for it, and is as good where it fails. What is served past its time leaves none.
 */
export function leaveAlias(
  { near, confidence }: Match,
  { tenant, key }: Partition,
  asked: Asked,
  parts: AliasParts,
): void {
  const { chat, settings, nowMs } = asked;
  const target = toEntryId(near.id, key);
  parts.uses.used(tenant, target);
  if (!settings.cache.semantic.alias || Number(near.entry.expiresAtMs) <= nowMs) return;
  const keep = async () => {
    const id = shorten(exactKey(chat, settings.scope(tenant)));
    const isNew = await parts.aliases.keep({ tenant, id, target, entry: near.entry, confidence }, nowMs);
    if (isNew) await makeRoom(tenant, parts);
  };
  const onFailure = (thrown: unknown) => parts.counts.refused(`alias_${missReason(thrown, parts)}`);
  // After the answer: the key of a long dialogue takes a moment.
  setImmediate(() => keep().catch(onFailure));
}
