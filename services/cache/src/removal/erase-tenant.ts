/** Takes out everything of a tenant, whatever it is: all that begins as its keys do. */
import type { State } from '@refrain/state';
import type { RedisNearStore } from '../entries/near-store.ts';
import type { RedisKeys } from '../entries/redis-keys.ts';
import { Generations } from '../index/chroma/generations.ts';
import type { NearIndex } from '../index/near-index.ts';
import type { Marks } from './marks.ts';

/** What erasing stands on. */
export interface EraseParts {
  readonly state: State;
  readonly keys: RedisKeys;
  readonly near: Pick<RedisNearStore, 'forgetVectors'>;
  readonly index: Pick<NearIndex, 'drop' | 'list'>;
  readonly marks: Marks;
  readonly nowMs: () => number;
}

/** While a tenant is erased nothing of it is kept; should the erasure break off, things are kept again after this time. */
const erasingMs = 10_000;
const kind = { kind: 'tenant' } as const;

/**
 * Leaves nothing but the stamp that keeps what is under way out; gives how many entries and aliases there were. What would be stored meanwhile
 * is refused: a scan might take its lists and leave the rest. A dry run counts. @throws RefrainError `unavailable`
 */
export async function eraseTenant(
  tenant: string,
  { dryRun }: { dryRun: boolean },
  { state, keys, near, index, marks, nowMs }: EraseParts,
): Promise<number> {
  const stamp = keys.stamp(tenant, kind);
  if (!dryRun) await marks.stamp(tenant, kind, nowMs() + erasingMs);
  const ids = new Set<string>();
  const listed = new Set<string>();
  const list = async () => {
    for (const key of partitions) if (!listed.has(key)) await index.list({ tenant, key });
    for (const key of partitions) listed.add(key);
  };
  const partitions = new Set((await state.command('ZRANGE', keys.partitions(tenant), 0, -1)) as string[]);
  // A collection outlives what its partition had in Redis.
  const collections = await new Generations(state, keys).all();
  for (const [key, { prefix }] of collections) if (prefix === keys.prefix(tenant)) partitions.add(key);
  for await (const found of state.scan(keys.pattern(tenant))) {
    const page = new Set<string>();
    for (const key of found) {
      const [what, ...rest] = key.slice(keys.pattern(tenant).length - 1).split(':');
      if (what === 'x' || what === 's') page.add(rest.at(-1) ?? '');
      if (what === 'p' || what === 's') partitions.add(rest[0] ?? '');
    }
    for (const id of page) ids.add(id);
    if (dryRun) continue;
    await marks.stamp(tenant, kind, nowMs() + erasingMs);
    await marks.unshare([...page]);
    // Should Redis break off here, nothing else would know of them any more.
    await list();
    await state.remove(found.filter((key) => key !== stamp));
  }
  if (dryRun) return ids.size;
  await marks.stamp(tenant, kind, nowMs());
  near.forgetVectors();
  // Again: a collection may have been let go, and filled anew from what was still there.
  listed.clear();
  await list();
  for (const key of partitions) index.drop({ tenant, key });
  return ids.size;
}
