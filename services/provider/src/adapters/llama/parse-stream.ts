import { randomUUID } from 'node:crypto';
import { FinishReason } from '@refrain/contracts';
import { truncated } from '../../upstream/failures.ts';
import { countOf, type JsonObject, listOf, objectOf, parseObject, textOf } from '../../upstream/json.ts';
import { NdjsonParser } from '../../upstream/ndjson.ts';
import type { AdapterEvent, UsageCounts } from '../adapter.ts';
import type { StreamReader } from '../reader.ts';
import { toOllamaLineError } from './to-error.ts';

/** Reads the lines of a streamed chat. */
export class OllamaStream implements StreamReader {
  readonly #lines: NdjsonParser = new NdjsonParser();
  readonly #model: string;
  #calls = 0;
  done = false;

  constructor(model: string) {
    this.#model = model;
  }

  push(chunk: Uint8Array): AdapterEvent[] {
    return this.#lines.push(chunk).flatMap((line) => this.#take(line));
  }

  /** Without a line with `done: true` the answer is not whole. */
  end(): AdapterEvent[] {
    const events = this.#lines.end().flatMap((line) => this.#take(line));
    if (!this.done) throw truncated();
    return events;
  }

  #take(line: string): AdapterEvent[] {
    if (this.done) return [];
    const reply = parseObject(line);
    if (reply.error !== undefined) throw toOllamaLineError(textOf(reply.error));
    const events = this.#message(objectOf(reply.message));
    if (reply.done !== true) return events;
    this.done = true;
    return [...events, { kind: 'usage', usage: toUsage(reply) }, this.#final(reply)];
  }

  #message(message: JsonObject): AdapterEvent[] {
    const text = textOf(message.content);
    const toolCalls = listOf(message.tool_calls).map((call) => this.#toolCall(objectOf(call)));
    if (text !== '' || toolCalls.length > 0) return [{ kind: 'delta', delta: { text, toolCalls } }];
    return [{ kind: 'alive', thinking: textOf(message.thinking) !== '' }];
  }

  #toolCall(call: JsonObject) {
    const called = objectOf(call.function);
    const index = this.#calls;
    this.#calls += 1;
    const id = textOf(call.id) || `call_${randomUUID()}`;
    return { id, name: textOf(called.name), argumentsJson: JSON.stringify(called.arguments ?? {}), index };
  }

  #final(reply: JsonObject): AdapterEvent {
    const stop = this.#calls > 0 ? FinishReason.TOOL_CALLS : FinishReason.STOP;
    const finishReason = reply.done_reason === 'length' ? FinishReason.LENGTH : stop;
    return { kind: 'final', finishReason, model: textOf(reply.model) || this.#model };
  }
}

function toUsage(reply: JsonObject): UsageCounts {
  const prompt = countOf(reply.prompt_eval_count);
  const completion = countOf(reply.eval_count);
  return {
    ...(prompt !== undefined && { promptTokens: prompt }),
    ...(completion !== undefined && { completionTokens: completion }),
  };
}
