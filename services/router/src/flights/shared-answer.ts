/** An answer that another caller asked and pays for, as who shares it gets it. */
import { create } from '@bufbuild/protobuf';
import { type Answer, CostSchema, type Provenance, Source } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';

/** A hit stays what it is; what a provider says is shared. A copy: the same message goes to every listener. */
export function toSharedProvenance(provenance: Provenance): Provenance {
  if (provenance.source !== Source.PROVIDER) return { ...provenance };
  return { ...provenance, source: Source.COALESCED, attempts: 0 };
}

/** The same answer, for nothing: what it cost, or had saved, is saved once more. */
export function toSharedAnswer(answer: Answer): Answer {
  if (!answer.provenance) return answer;
  const { nanoUsd = 0n, savedNanoUsd = 0n, priceMissing = false } = answer.cost ?? {};
  const cost = create(CostSchema, { savedNanoUsd: nanoUsd + savedNanoUsd, priceMissing });
  return { ...answer, cost, provenance: toSharedProvenance(answer.provenance) };
}

/** The same error; what the answer had used until it broke off is the other's. */
export function toSharedError(thrown: unknown): unknown {
  if (!(thrown instanceof RefrainError) || !thrown.spent) return thrown;
  const { code, message, reason, retryAfterMs, fields } = thrown;
  return new RefrainError(code, message, {
    reason,
    fields,
    cause: thrown,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}
