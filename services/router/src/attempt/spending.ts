import { create } from '@bufbuild/protobuf';
import { type Cost, CostSchema, type Usage } from '@refrain/contracts';
import type { Spent } from '@refrain/errors';
import { costNanoUsd, type Price } from '@refrain/judgement';

/** What a request has used and cost so far, over all its attempts. */
export class Spending {
  #nanoUsd = 0n;
  #priceMissing = false;
  #promptTokens = 0;
  #completionTokens = 0;
  #estimated = false;
  #isKnown = false;

  /** An attempt was billed. A model without a price makes the sum a lower bound, and says so. */
  add(usage: Usage | undefined, price: Price | undefined): void {
    if (!usage) return;
    this.#isKnown = true;
    this.#promptTokens += usage.promptTokens;
    this.#completionTokens += usage.completionTokens;
    this.#estimated ||= usage.estimated;
    if (price) this.#nanoUsd += costNanoUsd(usage, price);
    else this.#priceMissing = true;
  }

  /** The sum of money. */
  toCost(): Cost {
    return create(CostSchema, { nanoUsd: this.#nanoUsd, priceMissing: this.#priceMissing });
  }

  /** All that is known of it, for an answer that broke off; undefined where nobody has said anything (a worker that died). */
  toSpent(): Spent | undefined {
    if (!this.#isKnown) return undefined;
    return {
      promptTokens: this.#promptTokens,
      completionTokens: this.#completionTokens,
      estimated: this.#estimated,
      nanoUsd: this.#nanoUsd,
      priceMissing: this.#priceMissing,
    };
  }
}
