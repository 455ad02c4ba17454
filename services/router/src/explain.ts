import { create } from '@bufbuild/protobuf';
import {
  CacheMode,
  type CacheService,
  type ExplainResponse,
  ExplainResponseSchema,
  type LookupResponse,
  type Provenance,
} from '@refrain/contracts';
import {
  type Considered,
  candidateVerdicts,
  estimateNanoUsd,
  type PlannedRoute,
  partitionKey,
  promptTokens,
  ttlsOf,
} from '@refrain/judgement';
import type { GrpcClient } from '@refrain/rpc';
import type { Question } from './ask.ts';
import type { ProviderHealth } from './health/provider-health.ts';
import { mayWrite } from './options.ts';
import { withMeaning } from './steps/classify.ts';
import { levelsOf, toRequest } from './steps/lookup.ts';
import { route } from './steps/route.ts';

const lookupMs = 1000;

/**
 * What would happen to a request: its class, its keys, what the cache holds and how it would keep the answer, who would be asked and at
 * what price. Only the cache is asked. @throws RefrainError as the request itself would, and `unavailable` when the cache cannot say.
 */
export async function explain(
  asked: Question,
  cache: Pick<GrpcClient<typeof CacheService>, 'lookup'>,
  health: ProviderHealth,
): Promise<ExplainResponse> {
  const held = await look(asked, cache);
  const question = withMeaning(asked, held?.vector);
  const { able, ask, cacheMode, caller, chat, classification, settings } = question;
  const plan = route(question, (provider, model) => health.p50Ms(provider, model));
  const routes = cacheMode === CacheMode.ONLY_IF_CACHED ? [] : [...plan.routes, ...plan.local];
  const modeReason = cacheMode === CacheMode.OFF ? 'mode:off' : undefined;
  const semanticReason = modeReason ?? able.semanticReason ?? whyNoMeaning(question);
  const exactReason = modeReason ?? able.storeReason;
  return create(ExplainResponseSchema, {
    classification,
    exactKey: question.exactKey,
    partition: partitionKey(chat, settings.scope(caller.tenant)),
    cacheable: exactReason === undefined,
    notCacheableReason: exactReason ?? '',
    semantic: semanticReason === undefined,
    notSemanticReason: semanticReason ?? '',
    cacheMode,
    tags: ask.options?.tags ?? [],
    ...toHeld(held?.answer?.provenance),
    ...toTtls(question, plan.routes[0], semanticReason === undefined),
    routes: routes.map((each) => toRoute(each, question)),
    routeReason: plan.reason,
    considered: plan.considered.map((each) => toConsidered(each, health)),
  });
}

function whyNoMeaning({ settings }: Question): string | undefined {
  return settings.mesh.cache.semantic.enabled ? undefined : 'disabled';
}

/** Where the answer would come from without asking anybody, on the levels that would be looked at. */
async function look(
  question: Question,
  cache: Pick<GrpcClient<typeof CacheService>, 'lookup'>,
): Promise<LookupResponse | undefined> {
  const levels = levelsOf(question);
  if (levels.length === 0) return undefined;
  const request = { ...toRequest(question, levels), leaveNoTrace: true };
  return await cache.lookup(request, { timeoutMs: lookupMs });
}

function toHeld(provenance: Provenance | undefined) {
  if (!provenance) return {};
  const { confidence, entryId, model, provider, source } = provenance;
  return {
    cacheSource: source,
    cacheEntryId: entryId,
    template: provider === 'template' ? model : '',
    ...(confidence !== undefined && { cacheConfidence: confidence }),
  };
}

/** By the model that would be asked first: a rule of the configuration may name it. */
function toTtls(question: Question, first: PlannedRoute | undefined, byMeaning: boolean) {
  const { able, ask, cacheMode, caller, chat, classification, settings } = question;
  if (!mayWrite(cacheMode) || !able.store) return {};
  const models = first ? [chat.model, `${first.provider}/${first.model}`] : [chat.model];
  const { ttlSeconds } = ask.options ?? {};
  const ttls = ttlsOf({ tenant: caller.tenant, models, classification, ttlSeconds }, settings.mesh.cache);
  return { exactTtlSeconds: ttls.exact, ...(byMeaning && { semanticTtlSeconds: ttls.semantic }) };
}

function toRoute({ provider, model, rank, price }: PlannedRoute, { chat }: Question) {
  const counts = { promptTokens: promptTokens(chat), completionTokens: chat.maxTokens ?? 0 };
  return { provider, model, rank, ...(price && { estimatedNanoUsd: estimateNanoUsd(counts, price) }) };
}

/** A model that would be asked but for its breaker is named so: it is still on the route, for the breaker may close any moment. */
function toConsidered({ model, provider, verdict }: Considered, health: ProviderHealth) {
  const isOpen = verdict === candidateVerdicts.kept && health.isOpen(provider, model);
  return { provider, model, verdict: isOpen ? candidateVerdicts.open : verdict };
}
