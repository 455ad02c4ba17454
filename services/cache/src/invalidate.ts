import { create } from '@bufbuild/protobuf';
import { type InvalidateRequest, type InvalidateResponse, InvalidateResponseSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import type { State } from '@refrain/state';
import { checkInvalidate } from './check-request.ts';
import type { NearIndex } from './index/near-index.ts';
import type { Partition } from './partition.ts';
import { readEntry } from './read-entry.ts';
import { exactKeyOf, fromEntryId, nearKeyOf, partitionKeyOf, shorten, tenantPattern } from './redis-keys.ts';

/** What it takes to remove entries. */
export interface InvalidateParts {
  readonly state: State;
  readonly index: NearIndex;
  readonly log: Logger;
  readonly nowMs: () => number;
}

/** Entries read at once to see which partition they are of. */
const pageEntries = 100;

/**
 * Answers CacheService.Invalidate. An entry is looked for under the caller's tenant alone, so another tenant's name removes nothing.
 * @throws RefrainError `invalid`, or `unavailable` while Redis is away: a removal that did not happen must not look like one
 */
export async function invalidate(request: InvalidateRequest, parts: InvalidateParts): Promise<InvalidateResponse> {
  checkInvalidate(request);
  const { tenant, selector, dryRun } = request;
  let removed: number;
  if (selector.case === 'entryId') removed = await removeEntry(tenant, selector.value, dryRun, parts);
  else if (selector.case === 'partition')
    removed = await removePartition({ tenant, key: shorten(selector.value) }, dryRun, parts);
  else removed = await removeTenant(tenant, dryRun, parts);
  if (!dryRun) parts.log.info({ tenant, selector: selector.case, removed }, 'cache entries removed');
  return create(InvalidateResponseSchema, { removed });
}

async function removeEntry(
  tenant: string,
  entryId: string,
  dryRun: boolean,
  { state, index }: InvalidateParts,
): Promise<number> {
  const parsed = fromEntryId(entryId);
  if (!parsed)
    throw new RefrainError('invalid', 'That is not the name of an entry.', {
      fields: [{ field: 'entry_id', description: 'is not the name of an entry' }],
    });
  const { id, partition } = parsed;
  const keys = [exactKeyOf(tenant, id), nearKeyOf(tenant, partition, id)];
  const there = Number(await state.command('EXISTS', ...keys));
  if (dryRun || there === 0) return Math.min(1, there);
  await state.remove(keys);
  await state.command('ZREM', partitionKeyOf(tenant, partition), id);
  index.remove({ tenant, key: partition }, [id]);
  return 1;
}

/** Exact entries live longer than those found by meaning, so they are looked for themselves, not by the partition's list. */
async function removePartition(partition: Partition, dryRun: boolean, parts: InvalidateParts): Promise<number> {
  const { state, index } = parts;
  const { tenant, key } = partition;
  const members = partitionKeyOf(tenant, key);
  const ids = new Set((await state.command('ZRANGEBYSCORE', members, `(${parts.nowMs()}`, '+inf')) as string[]);
  for await (const keys of state.scan(tenantPattern(tenant, 'x'))) {
    for (let from = 0; from < keys.length; from += pageEntries) {
      const page = keys.slice(from, from + pageEntries);
      const found = await state.getMany(page);
      for (const [i, bytes] of found.entries()) {
        if (bytes && readEntry(bytes)?.partition === key) ids.add(lastPart(page[i] ?? ''));
      }
    }
  }
  if (dryRun) return ids.size;
  const all = [...ids];
  for (let from = 0; from < all.length; from += pageEntries) {
    const page = all.slice(from, from + pageEntries);
    await state.remove(page.flatMap((id) => [exactKeyOf(tenant, id), nearKeyOf(tenant, key, id)]));
  }
  await state.remove([members]);
  index.drop(partition);
  return ids.size;
}

async function removeTenant(tenant: string, dryRun: boolean, { state, index }: InvalidateParts): Promise<number> {
  const ids = new Set<string>();
  for (const kind of ['x', 's', 'p'] as const) {
    for await (const keys of state.scan(tenantPattern(tenant, kind))) {
      if (kind !== 'p') for (const key of keys) ids.add(lastPart(key));
      if (dryRun) continue;
      await state.remove(keys);
      if (kind === 'p') for (const key of keys) index.drop({ tenant, key: lastPart(key) });
    }
  }
  return ids.size;
}

function lastPart(key: string): string {
  return key.slice(key.lastIndexOf(':') + 1);
}
