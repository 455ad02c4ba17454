import { create } from '@bufbuild/protobuf';
import { type Cost, CostSchema, type Usage } from '@refrain/contracts';
import { costNanoUsd, type Price } from '@refrain/judgement';

/** What a request has cost so far, over all its attempts. */
export class Spending {
  #nanoUsd = 0n;
  #priceMissing = false;

  /** An attempt was billed. A model without a price makes the sum a lower bound, and says so. */
  add(usage: Usage | undefined, price: Price | undefined): void {
    if (!usage) return;
    if (price) this.#nanoUsd += costNanoUsd(usage, price);
    else this.#priceMissing = true;
  }

  /** The sum. */
  toCost(): Cost {
    return create(CostSchema, { nanoUsd: this.#nanoUsd, priceMissing: this.#priceMissing });
  }
}
