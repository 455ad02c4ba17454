/**
 * How an answer is kept and served again. It is kept as the serialized LookupResponse of an exact hit; what is new about a hit (its
 * age; for a semantic one its source and confidence; whether its time is over) is a second LookupResponse after it. Protobuf merges the two when it reads them,
 * so a hit is neither decoded nor encoded here.
 */
import { clone, create, toBinary } from '@bufbuild/protobuf';
import {
  type Answer,
  AnswerSchema,
  CostSchema,
  type Entry,
  LookupResponseSchema,
  type Provenance,
  Source,
} from '@refrain/contracts';
import { Encoded } from '@refrain/rpc';

/** The answer as an exact hit sends it: it costs nothing, and saves what it once cost. @throws TypeError without provenance */
export function toStoredHit(answer: Answer, entryId: string): Uint8Array {
  const stored = clone(AnswerSchema, answer);
  const { provenance } = stored;
  if (!provenance) throw new TypeError('an answer without provenance cannot be kept');
  // Another request's name, or its job's, has no place in an answer that others will get.
  stored.requestId = '';
  provenance.jobId = '';
  provenance.source = Source.EXACT;
  provenance.reason = 'cache:exact';
  provenance.attempts = 0;
  provenance.entryId = entryId;
  stored.cost = create(CostSchema, {
    savedNanoUsd: answer.cost?.nanoUsd ?? 0n,
    priceMissing: answer.cost?.priceMissing ?? false,
  });
  return toBinary(LookupResponseSchema, create(LookupResponseSchema, { answer: stored }));
}

/** The stored answer as an exact hit. */
export function toExactHit(entry: Entry, nowMs: number): Encoded {
  return join(entry, nowMs, {});
}

/** The stored answer as a semantic hit. */
export function toSemanticHit(entry: Entry, nowMs: number, confidence: number): Encoded {
  return join(entry, nowMs, { source: Source.SEMANTIC, reason: 'cache:semantic', confidence });
}

/** The answer of an alias' target: what was found by meaning before, under its own exact key now. */
export function toAliasHit(target: Entry, nowMs: number, confidence: number): Encoded {
  return join(target, nowMs, { source: Source.SEMANTIC, reason: 'cache:alias', confidence });
}

type News = Partial<Pick<Provenance, 'source' | 'reason' | 'confidence' | 'degraded'>>;

function join(entry: Entry, nowMs: number, found: News): Encoded {
  const ageSeconds = Math.max(0, Math.floor((nowMs - Number(entry.createdAtMs)) / 1000));
  const ttlSeconds = Math.max(0, Math.ceil((Number(entry.expiresAtMs) - nowMs) / 1000));
  const isStale = Number(entry.revalidateUntilMs) <= nowMs;
  const stale: News = isStale ? { source: Source.STALE, degraded: true, reason: 'fallback:stale' } : {};
  const news = create(LookupResponseSchema, {
    answer: { provenance: { ...found, ...stale, ageSeconds, ttlSeconds } },
    revalidate: !isStale && Number(entry.expiresAtMs) <= nowMs,
  });
  return new Encoded(Buffer.concat([entry.hit, toBinary(LookupResponseSchema, news)]));
}
