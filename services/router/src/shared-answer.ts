/** An answer that another caller asked and pays for, as who shares it gets it. */
import { create } from '@bufbuild/protobuf';
import { type Answer, CostSchema, type Provenance, Source } from '@refrain/contracts';

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
