import { FinishReason } from '@refrain/contracts';
import { malformed, truncated } from '../../upstream/failures.ts';
import { countOf, isObject, type JsonObject, listOf, objectOf, parseObject, textOf } from '../../upstream/json.ts';
import { SseParser } from '../../upstream/sse.ts';
import type { AdapterEvent, DeltaInit } from '../adapter.ts';
import type { StreamReader } from '../reader.ts';
import { toOpenAiEventError } from './to-error.ts';

const finishReasons: Readonly<Record<string, FinishReason>> = {
  stop: FinishReason.STOP,
  eos: FinishReason.STOP,
  length: FinishReason.LENGTH,
  tool_calls: FinishReason.TOOL_CALLS,
  function_call: FinishReason.TOOL_CALLS,
  content_filter: FinishReason.CONTENT_FILTER,
};

/** Reads the chunks of a streamed chat completion. */
export class OpenAiStream implements StreamReader {
  readonly #sse: SseParser = new SseParser();
  #finish: FinishReason | undefined;
  #refused = false;
  #model: string;
  done = false;

  constructor(model: string) {
    this.#model = model;
  }

  push(chunk: Uint8Array): AdapterEvent[] {
    return this.#sse.push(chunk).flatMap((event) => this.#take(event.data));
  }

  /** Without `[DONE]` the answer is not whole: usage may be missing, and a proxy may have cut it. */
  end(): AdapterEvent[] {
    const events = this.#sse.end().flatMap((event) => this.#take(event.data));
    if (!this.done) throw truncated();
    return events;
  }

  #take(data: string): AdapterEvent[] {
    if (this.done) return [];
    if (data === '[DONE]') return [this.#final()];
    const chunk = parseObject(data);
    if (chunk.error !== undefined && chunk.error !== null) throw toOpenAiEventError(chunk.error);
    if (textOf(chunk.model) !== '') this.#model = textOf(chunk.model);
    const events = listOf(chunk.choices)
      .slice(0, 1)
      .flatMap((choice) => this.#choice(objectOf(choice)));
    // Usage counts wherever it stands: with the last choice, in a chunk of its own, or in Groq's extension.
    const usage = chunk.usage ?? objectOf(chunk.x_groq).usage;
    if (isObject(usage)) events.push(toUsage(usage));
    return events;
  }

  #choice(choice: JsonObject): AdapterEvent[] {
    const reason = textOf(choice.finish_reason);
    if (reason === 'error') throw toOpenAiEventError(choice.error ?? {});
    if (reason !== '') this.#finish = finishReasons[reason] ?? FinishReason.STOP;
    const delta = objectOf(choice.delta);
    const refusal = textOf(delta.refusal);
    if (refusal !== '') this.#refused = true;
    const text = textOf(delta.content) + refusal;
    const toolCalls = listOf(delta.tool_calls).map((call, i) => toToolCall(objectOf(call), i));
    if (text !== '' || toolCalls.length > 0) return [{ kind: 'delta', delta: { text, toolCalls } }];
    const thinking = textOf(delta.reasoning_content) || textOf(delta.reasoning);
    return [{ kind: 'alive', thinking: thinking !== '' }];
  }

  #final(): AdapterEvent {
    if (this.#finish === undefined) throw truncated();
    this.done = true;
    const finishReason = this.#refused ? FinishReason.CONTENT_FILTER : this.#finish;
    return { kind: 'final', finishReason, model: this.#model };
  }
}

function toToolCall(call: JsonObject, position: number): NonNullable<DeltaInit['toolCalls']>[number] {
  const called = objectOf(call.function);
  if (!isObject(call.function) && textOf(call.id) === '') throw malformed();
  return {
    id: textOf(call.id),
    name: textOf(called.name),
    argumentsJson: textOf(called.arguments),
    index: countOf(call.index) ?? position,
  };
}

function toUsage(usage: JsonObject): AdapterEvent {
  // DeepSeek says prompt_cache_hit_tokens where OpenAI says prompt_tokens_details.cached_tokens.
  const cached = countOf(objectOf(usage.prompt_tokens_details).cached_tokens) ?? countOf(usage.prompt_cache_hit_tokens);
  const reasoning = countOf(objectOf(usage.completion_tokens_details).reasoning_tokens);
  const prompt = countOf(usage.prompt_tokens);
  const completion = countOf(usage.completion_tokens);
  return {
    kind: 'usage',
    usage: {
      ...(prompt !== undefined && { promptTokens: prompt }),
      ...(completion !== undefined && { completionTokens: completion }),
      ...(cached !== undefined && { cachedPromptTokens: cached }),
      ...(reasoning !== undefined && { reasoningTokens: reasoning }),
    },
  };
}
