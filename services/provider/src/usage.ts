/**
 * What an attempt used. The upstream's own count wherever it sent one; where it did not (a cancelled or broken stream,
 * a server that sends none), an upper estimate with a flag: rather a cent too much in the books than a hole in them.
 */
import { create } from '@bufbuild/protobuf';
import { type Chat, type Usage, UsageSchema } from '@refrain/contracts';
import type { DeltaInit, UsageCounts } from './adapters/adapter.ts';

/** What a message's frame (its role, its ends) costs at most. */
const tokensPerMessage = 8;
/** What OpenAI, Anthropic and Google charge at most for a picture of ordinary size. */
const tokensPerImage = 1600;

/** V8 knows without looking that a text of plain letters has none. */
const secondHalf = /[\uDC00-\uDFFF]/g;

/**
 * Six times the tokens a text may cost, for the least gifted tokenizer at hand (SmolLM2's, 49,152 pieces; larger ones make
 * fewer): three letters or spaces make one, digits and signs one each and a little more, beyond ASCII one for a letter
 * of two bytes and two for every other.
 */
function sixths(text: string): number {
  let sum = 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    const isPlain = unit <= 32 || (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90);
    sum += isPlain ? 2 : unit < 128 ? 7 : unit < 0x800 ? 6 : 12;
  }
  return sum;
}

/** An upper estimate of a text's tokens. */
export function upperTokens(text: string): number {
  return Math.ceil(sixths(text) / 6);
}

/** An upper estimate of a prompt's tokens. */
export function upperPromptTokens(chat: Chat): number {
  let tokens = 0;
  for (const message of chat.messages) {
    tokens += tokensPerMessage;
    for (const part of message.parts) {
      tokens += part.content.case === 'text' ? upperTokens(part.content.value) : tokensPerImage;
    }
    for (const call of message.toolCalls) tokens += upperTokens(call.name + call.argumentsJson);
  }
  for (const tool of chat.tools)
    tokens += upperTokens(tool.name + tool.description + tool.parametersJson) + tokensPerMessage;
  return tokens + upperTokens(chat.responseFormat?.schemaJson ?? '');
}

/** Unicode characters, as those count who bill by them: half a pair is none. */
function charactersOf(text: string): number {
  return text.length - (text.match(secondHalf)?.length ?? 0);
}

function promptCharacters({ messages, responseFormat, tools }: Chat): number {
  let characters = charactersOf(responseFormat?.schemaJson ?? '');
  for (const { parts, toolCalls } of messages) {
    for (const { content } of parts) if (content.case === 'text') characters += charactersOf(content.value);
    for (const call of toolCalls) characters += charactersOf(call.name) + charactersOf(call.argumentsJson);
  }
  for (const tool of tools) characters += charactersOf(tool.name + tool.description + tool.parametersJson);
  return characters;
}

/** Collects the counts of one attempt. */
export class UsageMeter {
  #counts: UsageCounts = {};
  /** Weighed only where the upstream does not say what it is to cost. */
  readonly #said: string[] = [];
  #whole = false;

  /** The upstream's own count; later ones overwrite. */
  told(counts: UsageCounts): void {
    this.#counts = { ...this.#counts, ...counts };
  }

  /** A piece of the answer. */
  said(delta: DeltaInit): void {
    if (delta.text) this.#said.push(delta.text);
    for (const call of delta.toolCalls ?? []) this.#said.push(call.name ?? '', call.argumentsJson ?? '');
  }

  /** An upper estimate of what was said, in tokens. */
  #saidTokens(): number {
    return Math.ceil(this.#said.reduce((sum, text) => sum + sixths(text), 0) / 6);
  }

  /** The stream came to its own end: the counts are final. */
  finished(): void {
    this.#whole = true;
  }

  /** The usage of an attempt that reached the upstream. */
  usage(chat: Chat): Usage {
    const { promptTokens, completionTokens } = this.#counts;
    const { cachedPromptTokens = 0, cacheWriteTokens = 0, reasoningTokens = 0 } = this.#counts;
    // A count in the middle of a stream (Claude sends one at the start) is a lower bound of what is billed.
    const completion = this.#whole ? completionTokens : Math.max(completionTokens ?? 0, this.#saidTokens());
    return create(UsageSchema, {
      promptTokens: promptTokens ?? upperPromptTokens(chat),
      completionTokens: completion ?? this.#saidTokens(),
      cachedPromptTokens,
      cacheWriteTokens,
      reasoningTokens,
      promptCharacters: promptCharacters(chat),
      completionCharacters: this.#said.reduce((sum, text) => sum + charactersOf(text), 0),
      estimated: promptTokens === undefined || completionTokens === undefined || !this.#whole,
    });
  }
}

/** The usage of an attempt that the upstream refused before it did anything. */
export function noUsage(): Usage {
  return create(UsageSchema, {});
}
