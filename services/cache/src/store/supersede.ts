import { fromBinary } from '@bufbuild/protobuf';
import { type Entry, LookupResponseSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import type { RedisExactStore } from '../entries/exact-store.ts';
import { groupsOf, type Kept } from '../entries/kept.ts';
import { type Group, toEntryId } from '../entries/redis-keys.ts';
import type { Removal } from '../removal/removal.ts';

/** What it takes to follow on an answer. */
export interface SupersedeParts {
  readonly exact: Pick<RedisExactStore, 'get'>;
  readonly removal: Removal;
}

/**
 * Makes way for an answer that is about to be kept: where it says something else than the one it replaces, what meaning made of that goes, for
 * nobody may go on getting it by other words. Gives the groups that the old one alone is in, to be left with it: should the new one not be
 * kept after all, the old one must still be found by them. @throws RefrainError `unavailable`
 */
export async function supersede(kept: Kept, { exact, removal }: SupersedeParts): Promise<Group[]> {
  const { tenant, id, partition } = kept;
  const old = await readable(exact.get(tenant, id));
  if (!old) return [];
  // An alias of an entry in another partition has another name than the answer that takes its place.
  if (old.aliasOf !== '') {
    await removal.strike(tenant, toEntryId(id, old.partition));
    return [];
  }
  if (textOf(old.hit) !== textOf(kept.hit)) await removal.clearMeaning(tenant, toEntryId(id, partition));
  const stays = new Set(groupsOf(kept).map(({ kind, value }) => `${kind}:${value}`));
  return groupsOf(old).filter(({ kind, value }) => !stays.has(`${kind}:${value}`));
}

/** An entry that cannot be read is as good as none: it is written over. */
async function readable(entry: Promise<Entry | undefined>): Promise<Entry | undefined> {
  try {
    return await entry;
  } catch (error) {
    if (error instanceof RefrainError && error.reason === 'BAD_ENTRY') return undefined;
    throw error;
  }
}

function textOf(hit: Uint8Array): string | undefined {
  try {
    return fromBinary(LookupResponseSchema, hit).answer?.text;
  } catch {
    // Nobody can be served it: it counts as something else than the new one.
    return undefined;
  }
}
