import { create } from '@bufbuild/protobuf';
import { type InvalidateRequest, type InvalidateResponse, InvalidateResponseSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import type { State } from '@refrain/state';
import type { NearIndex } from './index/near-index.ts';
import { exactKeyOf, fromEntryId, nearKeyOf, partitionKeyOf, tenantPattern } from './redis-keys.ts';

/** What it takes to remove entries. */
export interface InvalidateParts {
  readonly state: State;
  readonly index: NearIndex;
  readonly log: Logger;
}

/**
 * Answers CacheService.Invalidate. An entry is looked for under the caller's tenant alone, so another tenant's name removes nothing.
 * @throws RefrainError `invalid`, or `unavailable` while Redis is away: a removal that did not happen must not look like one
 */
export async function invalidate(request: InvalidateRequest, parts: InvalidateParts): Promise<InvalidateResponse> {
  const { tenant, selector, dryRun } = request;
  const removed = await select();
  if (!dryRun) parts.log.info({ tenant, selector: selector.case, removed }, 'cache entries removed');
  return create(InvalidateResponseSchema, { removed });

  function select(): Promise<number> {
    switch (selector.case) {
      case 'entryId':
        return removeEntry(tenant, selector.value, dryRun, parts);
      case 'partition':
        return removePartition(tenant, selector.value, dryRun, parts);
      case 'all':
        return removeTenant(tenant, dryRun, parts);
      default:
        throw new RefrainError('invalid', 'Say what to remove: entry_id, partition or all.', {
          fields: [{ field: 'selector', description: 'is missing' }],
        });
    }
  }
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
  const there = (await state.getMany(keys)).filter((bytes) => bytes !== null).length;
  if (dryRun || there === 0) return Math.min(1, there);
  await state.remove(keys);
  await state.command('ZREM', partitionKeyOf(tenant, partition), id);
  index.remove({ tenant, key: partition }, [id]);
  return 1;
}

async function removePartition(
  tenant: string,
  partition: string,
  dryRun: boolean,
  { state, index }: InvalidateParts,
): Promise<number> {
  const members = partitionKeyOf(tenant, partition);
  const ids = (await state.command('ZRANGE', members, 0, -1)) as string[];
  if (dryRun || ids.length === 0) return ids.length;
  await state.remove([...ids.flatMap((id) => [exactKeyOf(tenant, id), nearKeyOf(tenant, partition, id)]), members]);
  index.drop({ tenant, key: partition });
  return ids.length;
}

async function removeTenant(tenant: string, dryRun: boolean, { state, index }: InvalidateParts): Promise<number> {
  const ids = new Set<string>();
  for (const kind of ['x', 's', 'p'] as const) {
    for await (const keys of state.scan(tenantPattern(tenant, kind))) {
      for (const key of keys) {
        const name = key.slice(key.lastIndexOf(':') + 1);
        if (kind === 'p') {
          if (!dryRun) index.drop({ tenant, key: name });
        } else ids.add(name);
      }
      if (!dryRun) await state.remove(keys);
    }
  }
  return ids.size;
}
