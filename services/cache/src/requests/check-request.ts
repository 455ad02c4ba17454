/** What a request to the cache must have. Its callers are the mesh's own, so a fault is a bug there; it must still be told, and hurt nobody. */
import { create } from '@bufbuild/protobuf';
import {
  type Answer,
  type Chat,
  ChatSchema,
  type Classification,
  type InvalidateRequest,
  Level,
  type LookupRequest,
  type StoreRequest,
} from '@refrain/contracts';
import { type FieldViolation, RefrainError } from '@refrain/errors';
import { validateChat } from '@refrain/judgement';
import { fromEntryId } from '../entries/redis-keys.ts';

const levels: ReadonlySet<Level> = new Set([Level.EXACT, Level.SEMANTIC, Level.TEMPLATE]);
const maximumTenantCharacters = 128;
const maximumRank = 5;
const maximumTags = 16;
const maximumNameCharacters = 256;

/** The chat of a lookup, in canonical form; an empty one where the exact key stands for it. @throws RefrainError `invalid` with every fault */
export function checkLookup(request: LookupRequest): Chat {
  const faults: FieldViolation[] = [];
  checkTenant(request.tenant, faults);
  for (const [i, level] of request.levels.entries()) {
    if (!levels.has(level)) faults.push({ field: `levels[${i}]`, description: 'is not a level of the cache' });
  }
  const asksMeaning = request.levels.length === 0 || request.levels.includes(Level.SEMANTIC);
  if (asksMeaning && !request.classification)
    faults.push({ field: 'classification', description: 'is missing; the semantic level needs it' });
  const { minimumConfidence } = request;
  if (minimumConfidence !== undefined && !(minimumConfidence >= 0 && minimumConfidence <= 1))
    faults.push({ field: 'minimum_confidence', description: 'must be from 0 to 1' });
  if (request.exactKey === '') return checkChat(request.chat, faults);
  if (!/^[0-9a-f]{64}$/.test(request.exactKey))
    faults.push({ field: 'exact_key', description: 'must be 64 hex digits' });
  if (request.levels.length !== 1 || request.levels[0] !== Level.EXACT)
    faults.push({ field: 'exact_key', description: 'is for the exact level alone' });
  if (faults.length > 0) throw invalid(faults);
  return create(ChatSchema);
}

/** What names an answer to be removed by: 16 at most, printable, 64 characters each. */
function checkTag(tag: string, field: string, faults: FieldViolation[]): void {
  if (!/^[^\p{C}\p{Zl}\p{Zp}]{1,64}$/u.test(tag))
    faults.push({ field, description: 'must be 1 to 64 printable characters' });
}

/** What a store needs, the chat in canonical form. @throws RefrainError `invalid` with every fault */
export function checkStore(request: StoreRequest): { chat: Chat; classification: Classification; answer: Answer } {
  const faults: FieldViolation[] = [];
  checkTenant(request.tenant, faults);
  const { classification, answer, rank } = request;
  if (!classification) faults.push({ field: 'classification', description: 'is missing' });
  if (!answer) faults.push({ field: 'answer', description: 'is missing' });
  else if (!answer.provenance) faults.push({ field: 'answer.provenance', description: 'is missing' });
  if (rank > maximumRank) faults.push({ field: 'rank', description: `must be at most ${maximumRank}` });
  if (request.ttlSeconds === 0) faults.push({ field: 'ttl_seconds', description: 'must be more than 0' });
  if (request.askedAtMs < 0n) faults.push({ field: 'asked_at_ms', description: 'must not be negative' });
  if (request.tags.length > maximumTags)
    faults.push({ field: 'tags', description: `must not be more than ${maximumTags}` });
  for (const [i, tag] of request.tags.entries()) checkTag(tag, `tags[${i}]`, faults);
  const chat = checkChat(request.chat, faults);
  if (!classification || !answer) throw invalid(faults);
  return { chat, classification, answer };
}

/** @throws RefrainError `invalid` */
export function checkInvalidate(request: InvalidateRequest): void {
  const faults: FieldViolation[] = [];
  checkTenant(request.tenant, faults);
  const { selector } = request;
  if (selector.case === undefined)
    faults.push({ field: 'selector', description: 'is missing: entry_id, tag, model, partition or all' });
  if (selector.case === 'entryId' && !fromEntryId(selector.value))
    faults.push({ field: 'entry_id', description: 'is not the name of an entry' });
  if (selector.case === 'tag') checkTag(selector.value, 'tag', faults);
  if (selector.case === 'model' && !/^[^/]+\/./.test(selector.value.slice(0, maximumNameCharacters)))
    faults.push({ field: 'model', description: 'is not "<provider>/<model>"' });
  if (request.actor.length > maximumNameCharacters)
    faults.push({ field: 'actor', description: `must not be longer than ${maximumNameCharacters} characters` });
  if (selector.case === 'partition' && !/^(?:[0-9a-f]{32}){1,2}$/.test(selector.value))
    faults.push({ field: 'partition', description: 'is not the name of a partition' });
  if (selector.case === 'all' && !selector.value) faults.push({ field: 'all', description: 'must be true' });
  if (faults.length > 0) throw invalid(faults);
}

function checkTenant(tenant: string, faults: FieldViolation[]): void {
  if (tenant === '') faults.push({ field: 'tenant', description: 'is missing' });
  if (tenant.length > maximumTenantCharacters)
    faults.push({ field: 'tenant', description: `must not be longer than ${maximumTenantCharacters} characters` });
}

function checkChat(chat: Chat | undefined, faults: FieldViolation[]): Chat {
  try {
    const canonical = validateChat(chat);
    if (faults.length === 0) return canonical;
  } catch (error) {
    if (!(error instanceof RefrainError)) throw error;
    faults.push(...error.fields);
  }
  throw invalid(faults);
}

function invalid(faults: FieldViolation[]): RefrainError {
  const [first] = faults;
  return new RefrainError('invalid', `${first?.field} ${first?.description}.`, { fields: faults });
}
