/** Money in integer nano-dollars; prices are nano-dollars for a million tokens, or for a million characters. */
import type { Chat, Usage } from '@refrain/contracts';

/** What a million of them costs. */
export interface Rates {
  readonly input: number;
  readonly output: number;
  /** Prompt tokens the upstream read from its own cache; absent: as `input`. */
  readonly cachedInput?: number | undefined;
  /** Prompt tokens the upstream wrote to its own cache; absent: as `input`. */
  readonly cacheWrite?: number | undefined;
  /** Completion tokens spent on reasoning; absent: as `output`. */
  readonly reasoning?: number | undefined;
}

/** A model's price. */
export interface Price extends Rates {
  /** What is counted: tokens where it is absent. A price by characters has an input and an output, the rest means nothing to it. */
  readonly per?: 'token' | 'character' | undefined;
  /** The whole request costs this instead where its prompt has more tokens. */
  readonly long?: (Rates & { readonly aboveTokens: number }) | undefined;
}

const million = 1_000_000n;

/** What an answer cost, rounded up to a whole nano-dollar. */
export function costNanoUsd(usage: Usage, price: Price): bigint {
  const total = price.per === 'character' ? byCharacter(usage, price) : byToken(usage, ratesOf(usage, price));
  return (total + million - 1n) / million;
}

function ratesOf({ promptTokens }: Usage, price: Price): Rates {
  return price.long && promptTokens > price.long.aboveTokens ? price.long : price;
}

function byCharacter({ promptCharacters, completionCharacters }: Usage, { input, output }: Rates): bigint {
  return BigInt(promptCharacters) * BigInt(input) + BigInt(completionCharacters) * BigInt(output);
}

/** Upstreams have told parts that were more than their whole: none is counted twice. */
function byToken(usage: Usage, { input, output, cachedInput, cacheWrite, reasoning }: Rates): bigint {
  const { promptTokens, completionTokens } = usage;
  const read = Math.min(usage.cachedPromptTokens, promptTokens);
  const written = Math.min(usage.cacheWriteTokens, promptTokens - read);
  const thought = Math.min(usage.reasoningTokens, completionTokens);
  return (
    BigInt(promptTokens - read - written) * BigInt(input) +
    BigInt(read) * BigInt(cachedInput ?? input) +
    BigInt(written) * BigInt(cacheWrite ?? input) +
    BigInt(completionTokens - thought) * BigInt(output) +
    BigInt(thought) * BigInt(reasoning ?? output)
  );
}

/** Whether whatever is asked of the model costs nothing. */
export function isFree(price: Price): boolean {
  return [price, price.long ?? {}].every(
    ({ input = 0, output = 0, cachedInput = 0, cacheWrite = 0, reasoning = 0 }: Partial<Rates>) =>
      input + output + cachedInput + cacheWrite + reasoning === 0,
  );
}

/** What an attempt may cost at most; it is held back until it is known what it did cost. */
export function upperCostNanoUsd(chat: Chat, price: Price, defaultMaxTokens: number): bigint {
  const { bytes, images } = sizeOf(chat);
  // A token for two bytes is twice what English takes, and what other scripts take; only rows of digits and signs take more.
  const promptTokens = BigInt(Math.ceil(bytes / 2) + images * tokensPerImage + chat.messages.length * tokensPerMessage);
  const maxTokens = BigInt(chat.maxTokens ?? defaultMaxTokens);
  if (price.per === 'character') {
    const total = BigInt(bytes) * BigInt(price.input) + maxTokens * charactersPerToken * BigInt(price.output);
    return (total + million - 1n) / million;
  }
  const rates = price.long && promptTokens > BigInt(price.long.aboveTokens) ? price.long : price;
  const input = BigInt(Math.max(rates.input, rates.cachedInput ?? 0, rates.cacheWrite ?? 0));
  const output = BigInt(Math.max(rates.output, rates.reasoning ?? 0));
  return (promptTokens * input + maxTokens * output + million - 1n) / million;
}

/** What OpenAI, Anthropic and Google charge at most for a picture of ordinary size. */
const tokensPerImage = 1600;
const tokensPerMessage = 8;
/** Of English four or five; a long word may be one token. */
const charactersPerToken = 8n;

function sizeOf({ messages, responseFormat, tools }: Chat): { bytes: number; images: number } {
  let bytes = Buffer.byteLength(responseFormat?.schemaJson ?? '');
  let images = 0;
  for (const { parts, toolCalls } of messages) {
    for (const { content } of parts) {
      if (content.case === 'text') bytes += Buffer.byteLength(content.value);
      else images += 1;
    }
    for (const { name, argumentsJson } of toolCalls)
      bytes += Buffer.byteLength(name) + Buffer.byteLength(argumentsJson);
  }
  for (const { name, description, parametersJson } of tools)
    bytes += Buffer.byteLength(name + description + parametersJson);
  return { bytes, images };
}
