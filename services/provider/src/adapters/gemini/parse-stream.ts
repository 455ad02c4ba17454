import { randomUUID } from 'node:crypto';
import { FinishReason } from '@refrain/contracts';
import type { RefrainError } from '@refrain/errors';
import { filtered, malformed, truncated } from '../../upstream/failures.ts';
import {
  countOf,
  isObject,
  type JsonObject,
  listOf,
  objectOf,
  parseObject,
  textOf,
  tryParse,
} from '../../upstream/json.ts';
import { SseParser } from '../../upstream/sse.ts';
import type { AdapterEvent, UsageCounts } from '../adapter.ts';
import type { StreamReader } from '../reader.ts';
import { toGeminiEventError } from './to-error.ts';

const finishReasons: Readonly<Record<string, FinishReason>> = {
  STOP: FinishReason.STOP,
  MAX_TOKENS: FinishReason.LENGTH,
  SAFETY: FinishReason.CONTENT_FILTER,
  RECITATION: FinishReason.CONTENT_FILTER,
  LANGUAGE: FinishReason.CONTENT_FILTER,
  BLOCKLIST: FinishReason.CONTENT_FILTER,
  PROHIBITED_CONTENT: FinishReason.CONTENT_FILTER,
  SPII: FinishReason.CONTENT_FILTER,
  IMAGE_SAFETY: FinishReason.CONTENT_FILTER,
};

/** The model's own failures to write a call: another try or another model may do better. */
const failedReasons: ReadonlySet<string> = new Set([
  'MALFORMED_FUNCTION_CALL',
  'UNEXPECTED_TOOL_CALL',
  'TOO_MANY_TOOL_CALLS',
]);

/** Reads the GenerateContentResponses of a stream, whose end is the end of the HTTP body. */
export class GeminiStream implements StreamReader {
  readonly #sse: SseParser = new SseParser();
  #finish: FinishReason | undefined;
  #calls = 0;
  #model: string;
  /** Gemini sends no terminator: usage may follow the finish reason, so the body is read to its end. */
  readonly done = false;

  constructor(model: string) {
    this.#model = model;
  }

  push(chunk: Uint8Array): AdapterEvent[] {
    return this.#sse.push(chunk).flatMap((event) => this.#take(event.data));
  }

  /** Without a finish reason the answer is not whole. */
  end(): AdapterEvent[] {
    const events = this.#sse.end().flatMap((event) => this.#take(event.data));
    if (this.#finish === undefined) throw strayError(this.#sse.stray) ?? truncated();
    const calls = this.#calls > 0 && this.#finish === FinishReason.STOP;
    const finishReason = calls ? FinishReason.TOOL_CALLS : this.#finish;
    return [...events, { kind: 'final', finishReason, model: this.#model }];
  }

  #take(data: string): AdapterEvent[] {
    const response = parseObject(data);
    if (isObject(response.error)) throw toGeminiEventError(response.error);
    const blocked = textOf(objectOf(response.promptFeedback).blockReason);
    if (blocked !== '') throw filtered(new Error(`blocked: ${blocked}`));
    this.#model = textOf(response.modelVersion) || this.#model;
    const candidate = objectOf(listOf(response.candidates)[0]);
    const events = listOf(objectOf(candidate.content).parts).flatMap((part) => this.#part(objectOf(part)));
    const reason = textOf(candidate.finishReason);
    if (failedReasons.has(reason)) throw malformed(new Error(`finishReason ${reason}`));
    if (reason !== '') this.#finish = finishReasons[reason] ?? FinishReason.STOP;
    if (isObject(response.usageMetadata)) events.push(toUsage(response.usageMetadata));
    return events;
  }

  #part(part: JsonObject): AdapterEvent[] {
    if (part.thought === true) return [{ kind: 'alive', thinking: true }];
    if (isObject(part.functionCall)) {
      const call = part.functionCall;
      const id = textOf(call.id) || `call_${randomUUID()}`;
      const toolCall = {
        id,
        name: textOf(call.name),
        argumentsJson: JSON.stringify(call.args ?? {}),
        index: this.#calls,
      };
      this.#calls += 1;
      return [{ kind: 'delta', delta: { toolCalls: [toolCall] } }];
    }
    const text = textOf(part.text);
    return text === '' ? [] : [{ kind: 'delta', delta: { text } }];
  }
}

/** In the middle of a stream an error may come as plain JSON, without `data:` (Google's own SDK looks for it). */
function strayError(stray: string): RefrainError | undefined {
  const { error } = objectOf(tryParse(stray));
  return isObject(error) ? toGeminiEventError(error) : undefined;
}

/** Google counts thoughts beside the candidates; both are billed as output. */
function toUsage(usage: JsonObject): AdapterEvent {
  const counts: UsageCounts = {};
  const prompt = countOf(usage.promptTokenCount);
  const tools = countOf(usage.toolUsePromptTokenCount) ?? 0;
  const said = countOf(usage.candidatesTokenCount);
  const thoughts = countOf(usage.thoughtsTokenCount);
  const cached = countOf(usage.cachedContentTokenCount);
  if (prompt !== undefined) counts.promptTokens = prompt + tools;
  if (said !== undefined || thoughts !== undefined) counts.completionTokens = (said ?? 0) + (thoughts ?? 0);
  if (thoughts !== undefined) counts.reasoningTokens = thoughts;
  if (cached !== undefined) counts.cachedPromptTokens = cached;
  return { kind: 'usage', usage: counts };
}
