import { fromBinary } from '@bufbuild/protobuf';
import { type Entry, LookupResponseSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import type { RedisExactStore } from '../entries/exact-store.ts';
import { groupsOf, type Kept } from '../entries/kept.ts';
import { toEntryId } from '../entries/redis-keys.ts';
import type { Removal } from '../removal/removal.ts';

/** What it takes to follow on an answer. */
export interface SupersedeParts {
  readonly exact: RedisExactStore;
  readonly removal: Removal;
}

/**
 * Clears what hangs on an answer that a new one is about to replace: the groups it alone was in and, where the new one says something else,
 * what meaning made of it. Nobody may go on getting the old answer by other words. @throws RefrainError `unavailable`
 */
export async function supersede(kept: Kept, { exact, removal }: SupersedeParts): Promise<void> {
  const { tenant, id, partition } = kept;
  const old = await readable(exact.get(tenant, id));
  if (!old) return;
  // An alias of an entry in another partition has another name than the answer that takes its place.
  if (old.aliasOf !== '') return removal.strike(tenant, toEntryId(id, old.partition));
  const name = toEntryId(id, partition);
  const stays = new Set(groupsOf(kept).map(({ kind, value }) => `${kind}:${value}`));
  const left = groupsOf(old).filter(({ kind, value }) => !stays.has(`${kind}:${value}`));
  await exact.leave(tenant, name, left);
  if (textOf(old.hit) !== textOf(kept.hit)) await removal.clearMeaning(tenant, name);
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
