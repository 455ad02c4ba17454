import {
  type Answer,
  type Cost,
  FinishReason,
  type Provenance,
  Source,
  type ToolCall,
  type Usage,
} from '@refrain/contracts';
import type { Reply } from '../../reply.ts';
import { sourceName } from '../../source-name.ts';

const finishReasons: Record<number, string> = {
  [FinishReason.STOP]: 'stop',
  [FinishReason.LENGTH]: 'length',
  [FinishReason.TOOL_CALLS]: 'tool_calls',
  [FinishReason.CONTENT_FILTER]: 'content_filter',
};

/** OpenAI's word for why an answer ended. */
export function finishReasonName(reason: FinishReason): string {
  return finishReasons[reason] ?? 'stop';
}

/** The headers every answer carries (known before the first token). */
export function answerHeaders({ bypassed = false, provenance }: Pick<Reply, 'provenance' | 'bypassed'>) {
  const { ageSeconds, ttlSeconds } = provenance;
  return {
    'x-refrain-cache': cacheStatus(provenance, bypassed),
    'x-refrain-source': sourceName(provenance.source),
    'x-refrain-provider': headerText(provenance.provider),
    'x-refrain-model': headerText(provenance.model),
    'x-refrain-reason': headerText(provenance.reason),
    'x-refrain-degraded': String(provenance.degraded),
    ...(provenance.entryId !== '' && { 'x-refrain-entry': provenance.entryId }),
    ...(provenance.jobId !== '' && { 'x-refrain-job': provenance.jobId }),
    ...(ageSeconds !== undefined && { age: String(ageSeconds) }),
    ...(ttlSeconds !== undefined && { 'x-refrain-cache-ttl': String(ttlSeconds) }),
  };
}

/** 202 where what was asked for is still to come, as a job. */
export function answerStatus({ jobId }: Provenance): number {
  return jobId === '' ? 200 : 202;
}

/** What the cache had to do with it: `hit` (also of a template marked `always`), `stale`, `miss`, or `bypass` where it was not asked. */
function cacheStatus({ reason, source }: Provenance, bypassed: boolean): string {
  if (source === Source.STALE) return 'stale';
  if (reason.startsWith('cache:')) return 'hit';
  return bypassed ? 'bypass' : 'miss';
}

/** A header takes ASCII alone; a name beyond it is percent-encoded. */
function headerText(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text);
}

/** The body of a whole answer in OpenAI's form. */
export function toCompletionBody(answer: Answer) {
  const toolCalls = answer.toolCalls.map(toToolCall);
  return {
    id: `chatcmpl-${answer.requestId}`,
    object: 'chat.completion',
    created: Math.floor(Number(answer.createdAtMs) / 1000),
    model: modelName(answer.provenance),
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: answer.text === '' && toolCalls.length > 0 ? null : answer.text,
          refusal: null,
          ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
        },
        logprobs: null,
        finish_reason: finishReasonName(answer.finishReason),
      },
    ],
    usage: toUsage(answer.usage),
    refrain: toRefrain(answer.provenance, answer.cost),
  };
}

/** `<provider>/<model>`, which can be sent back as a pin. */
export function modelName(provenance: Provenance | undefined): string {
  return provenance ? `${provenance.provider}/${provenance.model}` : '';
}

/** OpenAI's usage object. */
export function toUsage(usage: Usage | undefined) {
  const prompt = usage?.promptTokens ?? 0;
  const completion = usage?.completionTokens ?? 0;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: usage?.cachedPromptTokens ?? 0 },
    completion_tokens_details: { reasoning_tokens: usage?.reasoningTokens ?? 0 },
  };
}

/** What Refrain adds: where the answer came from and what it cost, in nano-dollars. */
export function toRefrain(provenance: Provenance | undefined, cost: Cost | undefined) {
  if (!provenance) return {};
  return {
    source: sourceName(provenance.source),
    provider: provenance.provider,
    model: provenance.model,
    reason: provenance.reason,
    attempts: provenance.attempts,
    degraded: provenance.degraded,
    ...(provenance.confidence !== undefined && { confidence: provenance.confidence }),
    ...(provenance.entryId !== '' && { entry_id: provenance.entryId }),
    ...(provenance.jobId !== '' && { job_id: provenance.jobId }),
    ...(provenance.ageSeconds !== undefined && { age_seconds: provenance.ageSeconds }),
    ...(provenance.ttlSeconds !== undefined && { ttl_seconds: provenance.ttlSeconds }),
    cost_nano_usd: Number(cost?.nanoUsd ?? 0n),
    saved_nano_usd: Number(cost?.savedNanoUsd ?? 0n),
    ...(cost?.priceMissing && { price_missing: true }),
  };
}

function toToolCall(call: ToolCall) {
  return { id: call.id, type: 'function', function: { name: call.name, arguments: call.argumentsJson } };
}
