/** Money in integer nano-dollars; prices are nano-dollars for a million tokens. */
import type { Usage } from '@refrain/contracts';

/** What a million tokens cost. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** Prompt tokens the upstream read from its own cache; absent: as `input`. */
  readonly cachedInput?: number | undefined;
}

const million = 1_000_000n;

/** What an answer cost, rounded up to a whole nano-dollar. */
export function costNanoUsd(usage: Usage, price: Price): bigint {
  const cached = BigInt(Math.min(usage.cachedPromptTokens, usage.promptTokens));
  const fresh = BigInt(usage.promptTokens) - cached;
  const total =
    fresh * BigInt(price.input) +
    cached * BigInt(price.cachedInput ?? price.input) +
    BigInt(usage.completionTokens) * BigInt(price.output);
  return (total + million - 1n) / million;
}
