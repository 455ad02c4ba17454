import { create } from '@bufbuild/protobuf';
import {
  type CacheService,
  type FeedbackRequest,
  type FeedbackResponse,
  FeedbackResponseSchema,
  LearnRequestSchema,
  Source,
  Verdict,
} from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import type { GrpcClient } from '@refrain/rpc';
import type { Caller } from './caller.ts';

const learnMs = 2000;

/**
 * Tells the cache what its caller thinks of an answer: an entry is looked for under the caller's own tenant alone. A wrong answer is taken
 * out, at once and for good; a wrong semantic hit is not served again, while its entry may still answer what it was asked. That an answer
 * was right tells something of semantic hits alone.
 * @throws RefrainError `invalid` for a request that names nothing; `unavailable` when the cache cannot do it now.
 */
export async function feedback(
  caller: Caller,
  { entryId, verdict, source, confidence }: FeedbackRequest,
  cache: Pick<GrpcClient<typeof CacheService>, 'learn'>,
): Promise<FeedbackResponse> {
  const fields = [
    ...(entryId === '' ? [{ field: 'entry_id', description: 'is missing' }] : []),
    ...(verdict === Verdict.RIGHT || verdict === Verdict.WRONG
      ? []
      : [{ field: 'verdict', description: 'must be VERDICT_RIGHT or VERDICT_WRONG' }]),
  ];
  if (fields[0]) throw new RefrainError('invalid', `${fields[0].field} ${fields[0].description}.`, { fields });
  if (verdict === Verdict.RIGHT && source !== Source.SEMANTIC) return create(FeedbackResponseSchema);
  const request = create(LearnRequestSchema, {
    tenant: caller.tenant,
    entryId,
    source,
    served: true,
    evidence: { case: 'verdict', value: verdict },
    ...(confidence !== undefined && { confidence }),
  });
  const { removed, quarantined } = await cache.learn(request, { timeoutMs: learnMs });
  return create(FeedbackResponseSchema, { removed, quarantined });
}
