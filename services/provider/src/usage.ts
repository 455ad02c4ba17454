/**
 * What an attempt used. The upstream's own count wherever it sent one; where it did not (a cancelled or broken stream,
 * a server that sends none), an upper estimate with a flag: rather a cent too much in the books than a hole in them.
 */
import { create } from '@bufbuild/protobuf';
import { type Chat, type Usage, UsageSchema } from '@refrain/contracts';
import type { DeltaInit, UsageCounts } from './adapters/adapter.ts';

/** No tokenizer in use makes more tokens of ordinary text than one for each 3 bytes; a message adds its frame. */
const bytesPerToken = 3;
const tokensPerMessage = 8;
/** What OpenAI, Anthropic and Google charge at most for a picture of ordinary size. */
const tokensPerImage = 1600;

/** An upper estimate of a text's tokens. */
export function upperTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / bytesPerToken);
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

/** Collects the counts of one attempt. */
export class UsageMeter {
  #counts: UsageCounts = {};
  #saidBytes = 0;
  #whole = false;

  /** The upstream's own count; later ones overwrite. */
  told(counts: UsageCounts): void {
    this.#counts = { ...this.#counts, ...counts };
  }

  /** A piece of the answer. */
  said(delta: DeltaInit): void {
    this.#saidBytes += Buffer.byteLength(delta.text ?? '');
    for (const call of delta.toolCalls ?? []) {
      this.#saidBytes += Buffer.byteLength(call.name ?? '') + Buffer.byteLength(call.argumentsJson ?? '');
    }
  }

  /** The stream came to its own end: the counts are final. */
  finished(): void {
    this.#whole = true;
  }

  /** The usage of an attempt that reached the upstream. */
  usage(chat: Chat): Usage {
    const { promptTokens, completionTokens, cachedPromptTokens = 0, reasoningTokens = 0 } = this.#counts;
    const said = Math.ceil(this.#saidBytes / bytesPerToken);
    // A count in the middle of a stream (Claude sends one at the start) is a lower bound of what is billed.
    const completion = this.#whole ? completionTokens : Math.max(completionTokens ?? 0, said);
    return create(UsageSchema, {
      promptTokens: promptTokens ?? upperPromptTokens(chat),
      completionTokens: completion ?? said,
      cachedPromptTokens,
      reasoningTokens,
      estimated: promptTokens === undefined || completionTokens === undefined || !this.#whole,
    });
  }
}

/** The usage of an attempt that the upstream refused before it did anything. */
export function noUsage(): Usage {
  return create(UsageSchema, {});
}
