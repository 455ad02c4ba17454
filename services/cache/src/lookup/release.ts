/** The last step of a semantic lookup: what the verifier, as it shipped, would serve is served unless its caller or what was learned forbids it. */
import { fromBinary } from '@bufbuild/protobuf';
import { LookupResponseSchema } from '@refrain/contracts';
import { toSemanticHit } from '../entries/hit.ts';
import type { NearEntry } from '../entries/near-store.ts';
import type { Partition } from '../entries/partition.ts';
import { toEntryId } from '../entries/redis-keys.ts';
import type { Trust } from '../learning/entry-trust.ts';
import type { Learning } from '../learning/learning.ts';
import type { Asked, LevelResult } from '../requests/level.ts';

/** An entry that the verifier takes for the same. */
export interface Match {
  readonly near: NearEntry;
  readonly confidence: number;
  /** In its entry, where somebody has asked for it already. */
  readonly trust?: Promise<Trust> | undefined;
}

/**
 * Serves the match or says why not. Where only what was learned forbids it, and in shadow mode, the miss names it: whoever asks afresh can
 * say whether it would have been right. @throws RefrainError `unavailable` where nobody knows what was learned
 */
export async function release(
  { near, confidence, trust }: Match,
  partition: Partition,
  { request, settings, nowMs }: Asked,
  learning: Pick<Learning, 'refusal' | 'wouldHit'>,
): Promise<LevelResult> {
  learning.wouldHit(partition, confidence);
  if (confidence < (request.minimumConfidence ?? 0)) return { miss: 'below_confidence' };
  const shadow = { entryId: toEntryId(near.id, partition.key), confidence };
  const refusal = await learning.refusal(partition, { id: near.id, confidence, trust }, settings);
  if (refusal) return { miss: refusal, shadow };
  if (settings.cache.semantic.shadow) return { miss: 'shadow', shadow };
  return { hit: toSemanticHit(near.entry, nowMs, confidence) };
}

/** What the answer once cost, in nano-dollars. */
export function savedBy({ near }: Match): { readonly nanoUsd: bigint } {
  const { answer } = fromBinary(LookupResponseSchema, near.entry.hit);
  return { nanoUsd: answer?.cost?.savedNanoUsd ?? 0n };
}
