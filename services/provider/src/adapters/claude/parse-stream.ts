import { FinishReason } from '@refrain/contracts';
import { truncated } from '../../upstream/failures.ts';
import { countOf, type JsonObject, objectOf, parseObject, textOf } from '../../upstream/json.ts';
import { SseParser } from '../../upstream/sse.ts';
import type { AdapterEvent, UsageCounts } from '../adapter.ts';
import type { StreamReader } from '../reader.ts';
import { toClaudeEventError } from './to-error.ts';

const finishReasons: Readonly<Record<string, FinishReason>> = {
  end_turn: FinishReason.STOP,
  stop_sequence: FinishReason.STOP,
  pause_turn: FinishReason.STOP,
  max_tokens: FinishReason.LENGTH,
  model_context_window_exceeded: FinishReason.LENGTH,
  tool_use: FinishReason.TOOL_CALLS,
  refusal: FinishReason.CONTENT_FILTER,
};

const alive: AdapterEvent = { kind: 'alive', thinking: false };

/** Reads the events of a streamed message. */
export class ClaudeStream implements StreamReader {
  readonly #sse: SseParser = new SseParser();
  /** Content block to the position of its tool call among the answer's calls. */
  readonly #calls: Map<number, number> = new Map();
  #finish: FinishReason | undefined;
  #model: string;
  done = false;

  constructor(model: string) {
    this.#model = model;
  }

  push(chunk: Uint8Array): AdapterEvent[] {
    return this.#sse.push(chunk).flatMap((event) => this.#take(event.data));
  }

  /** Without `message_stop` the message is not whole. */
  end(): AdapterEvent[] {
    const events = this.#sse.end().flatMap((event) => this.#take(event.data));
    if (!this.done) throw truncated();
    return events;
  }

  #take(data: string): AdapterEvent[] {
    if (this.done) return [];
    const event = parseObject(data);
    switch (event.type) {
      case 'message_start': {
        const message = objectOf(event.message);
        this.#model = textOf(message.model) || this.#model;
        return [toUsage(objectOf(message.usage))];
      }
      case 'content_block_start':
        return [this.#start(event)];
      case 'content_block_delta':
        return [this.#delta(event)];
      case 'message_delta': {
        const reason = textOf(objectOf(event.delta).stop_reason);
        if (reason !== '') this.#finish = finishReasons[reason] ?? FinishReason.STOP;
        return [toUsage(objectOf(event.usage))];
      }
      case 'message_stop':
        if (this.#finish === undefined) throw truncated();
        this.done = true;
        return [{ kind: 'final', finishReason: this.#finish, model: this.#model }];
      case 'error':
        throw toClaudeEventError(event);
      default:
        // ping, content_block_stop, and what Anthropic may add (its versioning policy says: ignore unknown events).
        return [alive];
    }
  }

  #start(event: JsonObject): AdapterEvent {
    const block = objectOf(event.content_block);
    if (block.type === 'text' && textOf(block.text) !== '') return text(textOf(block.text));
    if (block.type !== 'tool_use') return alive;
    const index = this.#calls.size;
    this.#calls.set(countOf(event.index) ?? index, index);
    const call = { id: textOf(block.id), name: textOf(block.name), index };
    return { kind: 'delta', delta: { toolCalls: [call] } };
  }

  #delta(event: JsonObject): AdapterEvent {
    const delta = objectOf(event.delta);
    switch (delta.type) {
      case 'text_delta':
        return textOf(delta.text) === '' ? alive : text(textOf(delta.text));
      case 'input_json_delta': {
        const argumentsJson = textOf(delta.partial_json);
        const index = this.#calls.get(countOf(event.index) ?? -1);
        if (argumentsJson === '' || index === undefined) return alive;
        return { kind: 'delta', delta: { toolCalls: [{ argumentsJson, index }] } };
      }
      default:
        return { kind: 'alive', thinking: delta.type === 'thinking_delta' };
    }
  }
}

function text(value: string): AdapterEvent {
  return { kind: 'delta', delta: { text: value } };
}

/** Anthropic counts cache reads and writes beside `input_tokens`; our prompt tokens are all of them. */
function toUsage(usage: JsonObject): AdapterEvent {
  const counts: UsageCounts = {};
  const input = countOf(usage.input_tokens);
  const read = countOf(usage.cache_read_input_tokens);
  const written = countOf(usage.cache_creation_input_tokens);
  const output = countOf(usage.output_tokens);
  const thinking = countOf(objectOf(usage.output_tokens_details).thinking_tokens);
  if (input !== undefined) counts.promptTokens = input + (read ?? 0) + (written ?? 0);
  if (read !== undefined) counts.cachedPromptTokens = read;
  if (written) counts.cacheWriteTokens = written;
  if (output !== undefined) counts.completionTokens = output;
  if (thinking !== undefined) counts.reasoningTokens = thinking;
  return { kind: 'usage', usage: counts };
}
