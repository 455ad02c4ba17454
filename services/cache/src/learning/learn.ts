/**
 * Hears whether a hit was right. A verdict on a semantic hit is evidence about its partition and its entry; a wrong hit of any other or an
 * unknown kind is simply a wrong answer, and goes. Nothing of any text is logged or counted.
 */
import { create, fromBinary } from '@bufbuild/protobuf';
import {
  type Entry,
  InvalidateRequestSchema,
  type LearnRequest,
  type LearnResponse,
  LearnResponseSchema,
  LookupResponseSchema,
  Source,
  Verdict,
} from '@refrain/contracts';
import { type FieldViolation, RefrainError, toRefrainError } from '@refrain/errors';
import { compareAnswers } from '@refrain/judgement';
import type { Logger, Metrics } from '@refrain/service';
import type { Embedder } from '../embedder/embedder.ts';
import { cosine } from '../embedder/vector.ts';
import type { Aliases } from '../entries/aliases.ts';
import type { RedisExactStore } from '../entries/exact-store.ts';
import type { RedisNearStore } from '../entries/near-store.ts';
import type { Partition } from '../entries/partition.ts';
import { fromEntryId } from '../entries/redis-keys.ts';
import { type InvalidateParts, invalidate } from '../removal/invalidate.ts';
import type { Settings } from '../requests/settings.ts';
import type { Change } from './entry-trust.ts';
import { binOf } from './evidence.ts';
import type { Learning } from './learning.ts';

/** What learning stands on. */
export interface LearnParts extends InvalidateParts {
  readonly exact: RedisExactStore;
  readonly near: RedisNearStore;
  readonly aliases: Aliases;
  readonly embedder: Embedder;
  readonly learning: Learning;
  readonly settings: () => Settings;
  readonly heard: Heard;
  readonly log: Logger;
}

/** Counts what was heard and what it changed. */
export type Heard = ReturnType<typeof createHeard>;

/** Registers the counters. */
export function createHeard(metrics: Metrics) {
  const learned = metrics.counter('cache_learned_total', 'Evidence about hits.', ['evidence', 'verdict', 'reason']);
  const changes = metrics.counter('cache_entry_changes_total', 'What evidence changed about entries.', ['change']);
  return {
    evidence: (evidence: 'verdict' | 'fresh_answer', verdict: string, reason: string) =>
      learned.inc({ evidence, verdict, reason }),
    change: (change: Change | 'removed') => changes.inc({ change }),
  };
}

interface Hit {
  readonly partition: Partition;
  readonly id: string;
  readonly request: LearnRequest;
}

/** Longer answers would be compared by their heads. */
const embeddedCharacters = 1000;

/** The least moment: an entry's verdict counts as long as Redis still has it, whatever its time. */
const everMs = 0;

/**
 * Answers CacheService.Learn. Of an entry that the tenant does not have, nothing is learned.
 * @throws RefrainError `invalid`, or `unavailable` while Redis is away: a verdict that was not heard must not look like one
 */
export async function learn(request: LearnRequest, parts: LearnParts): Promise<LearnResponse> {
  const named = checkLearn(request);
  const hit: Hit = { partition: { tenant: request.tenant, key: named.partition }, id: named.id, request };
  const stored = await find(hit, parts);
  const isSemantic = request.source === Source.SEMANTIC;
  if (request.evidence.case === 'freshAnswer') {
    const mayCompare = stored && (isSemantic || request.source === Source.UNSPECIFIED);
    const verdict = mayCompare ? await compare(stored, request.evidence.value, parts) : Verdict.UNSPECIFIED;
    return verdict === Verdict.UNSPECIFIED ? create(LearnResponseSchema) : judge(hit, verdict, 'sampled', parts);
  }
  const verdict = request.evidence.value ?? Verdict.UNSPECIFIED;
  parts.heard.evidence('verdict', verdict === Verdict.WRONG ? 'wrong' : 'right', 'told');
  if (!stored) return create(LearnResponseSchema, { verdict });
  if (isSemantic) return judge(hit, verdict, 'told', parts);
  return verdict === Verdict.WRONG ? remove(hit, parts) : create(LearnResponseSchema, { verdict });
}

function checkLearn({ tenant, entryId, confidence, evidence }: LearnRequest): { id: string; partition: string } {
  const faults: FieldViolation[] = [];
  const named = fromEntryId(entryId);
  if (tenant === '') faults.push({ field: 'tenant', description: 'is missing' });
  if (!named) faults.push({ field: 'entry_id', description: 'is not the name of an entry' });
  if (confidence !== undefined && !(confidence >= 0 && confidence <= 1))
    faults.push({ field: 'confidence', description: 'must be from 0 to 1' });
  if (evidence.case === undefined) faults.push({ field: 'evidence', description: 'is missing' });
  if (evidence.case === 'verdict' && evidence.value !== Verdict.RIGHT && evidence.value !== Verdict.WRONG)
    faults.push({ field: 'verdict', description: 'must be VERDICT_RIGHT or VERDICT_WRONG' });
  const [first] = faults;
  if (!named || first) throw new RefrainError('invalid', `${first?.field} ${first?.description}.`, { fields: faults });
  return named;
}

async function find({ partition, id }: Hit, { near, exact }: LearnParts): Promise<Entry | undefined> {
  const [found] = await near.getMany(partition, [id], everMs);
  if (found) return found.entry;
  const entry = await exact.get(partition.tenant, id);
  return entry?.partition === partition.key && entry.aliasOf === '' ? entry : undefined;
}

async function compare(stored: Entry, fresh: string, { embedder, heard }: LearnParts): Promise<Verdict> {
  const text = fromBinary(LookupResponseSchema, stored.hit).answer?.text ?? '';
  const { verdict, reason } = compareAnswers(text, fresh, await cosineOf(text, fresh, embedder, heard));
  heard.evidence('fresh_answer', verdict === 'same' ? 'right' : verdict === 'different' ? 'wrong' : 'unsure', reason);
  if (verdict === 'unsure') return Verdict.UNSPECIFIED;
  return verdict === 'same' ? Verdict.RIGHT : Verdict.WRONG;
}

/** Of what the embedder can read whole; it is one sign among others, and the comparison does without. */
async function cosineOf(a: string, b: string, embedder: Embedder, heard: Heard): Promise<number | undefined> {
  if (!embedder.ready || Math.max(a.length, b.length) > embeddedCharacters) return undefined;
  try {
    const [x, y] = await Promise.all([embedder.embed(a, 'patient'), embedder.embed(b, 'patient')]);
    return cosine(x, y);
  } catch (thrown) {
    heard.evidence('fresh_answer', 'without_embedding', toRefrainError(thrown).reason.toLowerCase());
    return undefined;
  }
}

async function judge(
  { partition, id, request }: Hit,
  verdict: Verdict,
  evidence: 'sampled' | 'told',
  parts: LearnParts,
): Promise<LearnResponse> {
  const { learning, heard, log } = parts;
  const { confidence, served, entryId, tenant } = request;
  const wrong = verdict === Verdict.WRONG;
  const change = await learning.trust.judge(partition, id, { confidence, wrong, served });
  if (change !== 'repeated') {
    const bin = binOf(confidence ?? parts.settings().shippedConfidence);
    learning.judged(partition, bin, { wrong, served, sampled: evidence === 'sampled' });
    if (change === 'quarantined') learning.ledger.add(partition, 'quarantined');
    if (change === 'released') learning.ledger.add(partition, 'quarantined', -1);
    await learning.ledger.flush();
  }
  // Also on a repeated verdict: the first may have been heard and its consequence not reached Redis.
  const { quarantined } = wrong ? await learning.trust.of(partition, id) : { quarantined: false };
  if (quarantined) await parts.removal.quarantine(tenant, entryId);
  else if (wrong) await parts.aliases.revoke(tenant, [entryId]);
  if (change !== 'none') {
    heard.change(change);
    log.info({ tenant, entryId, evidence, change }, 'a verdict changed an entry');
  }
  return create(LearnResponseSchema, { verdict, quarantined });
}

async function remove({ request }: Hit, parts: LearnParts): Promise<LearnResponse> {
  const { tenant, entryId } = request;
  const selector = { case: 'entryId' as const, value: entryId };
  const order = create(InvalidateRequestSchema, { tenant, selector, actor: 'verdict' });
  const { removed } = await invalidate(order, parts);
  if (removed > 0) parts.heard.change('removed');
  return create(LearnResponseSchema, { verdict: Verdict.WRONG, removed });
}
