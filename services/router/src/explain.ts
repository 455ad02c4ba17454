import { create } from '@bufbuild/protobuf';
import {
  CacheMode,
  type CacheService,
  type ExplainResponse,
  ExplainResponseSchema,
  Level,
  LookupRequestSchema,
  type LookupResponse,
  UsageSchema,
} from '@refrain/contracts';
import { costNanoUsd, type PlannedRoute, partitionKey, promptTokens } from '@refrain/judgement';
import type { GrpcClient } from '@refrain/rpc';
import type { Question } from './ask.ts';
import { route } from './steps/route.ts';

const lookupMs = 1000;

/**
 * What would happen to a request: its class, its keys, what the cache holds, who would be asked and at what price. Only the cache is
 * asked. @throws RefrainError as the request itself would, and `unavailable` when the cache cannot say.
 */
export async function explain(
  question: Question,
  cache: Pick<GrpcClient<typeof CacheService>, 'lookup'>,
): Promise<ExplainResponse> {
  const { able, ask, caller, chat, classification, settings } = question;
  const plan = route(question);
  const scope = settings.scope(caller.tenant);
  const isOff = ask.options?.cache === CacheMode.OFF;
  const held = able.exact && !isOff ? await look(question, cache) : undefined;
  const provenance = held?.answer?.provenance;
  return create(ExplainResponseSchema, {
    classification,
    exactKey: question.exactKey,
    partition: partitionKey(chat, scope),
    cacheable: able.exact && !isOff,
    notCacheableReason: isOff ? 'mode:off' : (able.exactReason ?? ''),
    semantic: able.semantic && !isOff,
    notSemanticReason: isOff ? 'mode:off' : (able.semanticReason ?? ''),
    ...(provenance && { cacheSource: provenance.source, cacheEntryId: provenance.entryId }),
    ...(provenance?.confidence !== undefined && { cacheConfidence: provenance.confidence }),
    routes: [...plan.routes, ...plan.local].map((each) => toRoute(each, question)),
    routeReason: plan.reason,
  });
}

function look(
  { ask, caller, chat, classification, minimumRank }: Question,
  cache: Pick<GrpcClient<typeof CacheService>, 'lookup'>,
): Promise<LookupResponse> {
  const minimumConfidence = ask.options?.minimumConfidence;
  const request = create(LookupRequestSchema, {
    tenant: caller.tenant,
    chat,
    classification,
    levels: [Level.EXACT, Level.SEMANTIC],
    minimumRank,
    ...(minimumConfidence !== undefined && { minimumConfidence }),
  });
  return cache.lookup(request, { timeoutMs: lookupMs });
}

function toRoute({ provider, model, rank, price }: PlannedRoute, { chat }: Question) {
  const usage = create(UsageSchema, { promptTokens: promptTokens(chat), completionTokens: chat.maxTokens ?? 0 });
  return { provider, model, rank, ...(price && { estimatedNanoUsd: costNanoUsd(usage, price) }) };
}
