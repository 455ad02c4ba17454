import { create } from '@bufbuild/protobuf';
import { type Answer, CostSchema, type Entry, type Source } from '@refrain/contracts';

/** How a stored answer is served again. */
export interface HitOptions {
  readonly source: Source;
  /** "cache:exact" and the like. */
  readonly reason: string;
  readonly nowMs: number;
  readonly confidence?: number;
}

/** The stored answer as this request's: it costs nothing, and saves what it once cost. `entry` is consumed. */
export function toHit(entry: Entry, options: HitOptions): Answer | undefined {
  const { answer } = entry;
  if (!answer?.provenance) return undefined;
  const { provenance } = answer;
  provenance.source = options.source;
  provenance.reason = options.reason;
  provenance.attempts = 0;
  provenance.ageSeconds = Math.max(0, Math.floor((options.nowMs - Number(entry.createdAtMs)) / 1000));
  if (options.confidence !== undefined) provenance.confidence = options.confidence;
  answer.cost = create(CostSchema, {
    savedNanoUsd: answer.cost?.nanoUsd ?? 0n,
    priceMissing: answer.cost?.priceMissing ?? false,
  });
  return answer;
}
