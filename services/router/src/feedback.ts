import { create } from '@bufbuild/protobuf';
import {
  type CacheService,
  type FeedbackRequest,
  type FeedbackResponse,
  FeedbackResponseSchema,
  InvalidateRequestSchema,
  Verdict,
} from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import type { GrpcClient } from '@refrain/rpc';
import type { Caller } from './caller.ts';

const invalidateMs = 2000;

/**
 * Takes a wrong cached answer out, at once and for good: an entry is looked for under the caller's own tenant alone. A right one stays.
 * @throws RefrainError `invalid` for a request that names nothing; `unavailable` when the cache cannot do it now.
 */
export async function feedback(
  caller: Caller,
  { entryId, verdict }: FeedbackRequest,
  cache: Pick<GrpcClient<typeof CacheService>, 'invalidate'>,
): Promise<FeedbackResponse> {
  const fields = [
    ...(entryId === '' ? [{ field: 'entry_id', description: 'is missing' }] : []),
    ...(verdict === Verdict.RIGHT || verdict === Verdict.WRONG
      ? []
      : [{ field: 'verdict', description: 'must be VERDICT_RIGHT or VERDICT_WRONG' }]),
  ];
  if (fields[0]) throw new RefrainError('invalid', `${fields[0].field} ${fields[0].description}.`, { fields });
  if (verdict === Verdict.RIGHT) return create(FeedbackResponseSchema);
  const request = create(InvalidateRequestSchema, {
    tenant: caller.tenant,
    selector: { case: 'entryId', value: entryId },
  });
  const { removed } = await cache.invalidate(request, { timeoutMs: invalidateMs });
  return create(FeedbackResponseSchema, { removed });
}
