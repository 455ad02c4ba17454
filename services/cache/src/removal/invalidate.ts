import { create } from '@bufbuild/protobuf';
import { type InvalidateRequest, type InvalidateResponse, InvalidateResponseSchema } from '@refrain/contracts';
import { toRefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import { fromEntryId, type Stamped, shorten } from '../entries/redis-keys.ts';
import type { NearIndex } from '../index/near-index.ts';
import { checkInvalidate } from '../requests/check-request.ts';
import { type EraseParts, eraseTenant } from './erase-tenant.ts';
import type { Erasures } from './erasures.ts';
import type { Removal } from './removal.ts';

/** What it takes to invalidate. */
export interface InvalidateParts extends EraseParts {
  readonly index: Pick<NearIndex, 'drop' | 'list' | 'settle'>;
  readonly removal: Removal;
  /** What was learned of erased tenants goes too; nothing of it may come back once this has resolved. */
  readonly learning: { readonly forget: (isErased: (tenant: string) => boolean) => Promise<void> };
  readonly erasures: Pick<Erasures, 'tell'>;
  readonly log: Logger;
}

/**
 * Answers CacheService.Invalidate. Entries are looked for under the caller's tenant alone, so another tenant's name removes nothing. A real
 * run first leaves a stamp, so that what was asked for before it and is answered after it is not stored, and writes one audit line, also
 * where it failed halfway.
 * @throws RefrainError `invalid`, or `unavailable` while Redis is away: a removal that did not happen must not look like one
 */
export async function invalidate(request: InvalidateRequest, parts: InvalidateParts): Promise<InvalidateResponse> {
  checkInvalidate(request);
  const { tenant, dryRun, actor } = request;
  const selected = toSelected(request.selector);
  if (dryRun) return respond(await remove(tenant, selected, true, parts), 0);
  const audit = { audit: 'cache.invalidate', actor, tenant, selector: selected.kind, ...valueIn(selected) };
  try {
    const removed = await remove(tenant, selected, false, parts);
    const pending = await parts.index.settle(tenant);
    parts.log.info({ ...audit, removed, ...(pending > 0 && { pending }) }, 'cache entries removed');
    return respond(removed, pending);
  } catch (thrown) {
    parts.log.error({ ...audit, failed: toRefrainError(thrown).reason }, 'cache entries were not all removed');
    throw thrown;
  }
}

async function remove(
  tenant: string,
  selected: Stamped & { name?: string },
  dryRun: boolean,
  parts: InvalidateParts,
): Promise<number> {
  const { removal, marks, learning, erasures } = parts;
  const now = parts.nowMs();
  if (!dryRun && selected.kind === 'tenant') await learning.forget((each) => each === tenant);
  if (selected.kind === 'tenant') {
    const removed = await eraseTenant(tenant, { dryRun }, parts);
    if (!dryRun) await erasures.tell(tenant);
    return removed;
  }
  if (!dryRun) await marks.stamp(tenant, selected, now);
  const names = selected.kind === 'entry' ? [selected.name ?? ''] : await removal.namesOf(tenant, selected, now);
  if (dryRun) return removal.count(tenant, names);
  await marks.unshare(names.flatMap((name) => fromEntryId(name)?.id ?? []));
  return selected.kind === 'partition'
    ? removal.partition(tenant, selected.value, names)
    : removal.entries(tenant, names);
}

/** What is removed and stamped; an entry is stamped by the half of its name that is its question's. */
function toSelected(selector: InvalidateRequest['selector']): Stamped & { name?: string } {
  switch (selector.case) {
    case 'entryId':
      return { kind: 'entry', value: fromEntryId(selector.value)?.id ?? '', name: selector.value };
    case 'partition':
      return { kind: 'partition', value: shorten(selector.value) };
    case 'tag':
    case 'model':
      return { kind: selector.case, value: selector.value };
    default:
      return { kind: 'tenant' };
  }
}

function valueIn(selected: Stamped): { value?: string } {
  return selected.kind === 'tenant' ? {} : { value: selected.value };
}

function respond(removed: number, pendingIndexRemovals: number): InvalidateResponse {
  return create(InvalidateResponseSchema, { removed, pendingIndexRemovals });
}
