/** The dial between cheapest and best: one number of the operator moves every choice between candidates of unlike rank and price. */
import { type Classification, Complexity } from '@refrain/contracts';

/** What the dial weighs of a candidate. */
export interface Weighed {
  /** 1 to 5. */
  readonly rank: number;
  /** What the request would cost there; undefined where no price is known: the dearest of all. */
  readonly nanoUsd: bigint | undefined;
}

const highestRank = 5;

/** How much a prompt needs of a model, 0 to 1: as the classifier's model tells it, else by its class. */
export function needOf({ complexity, need }: Pick<Classification, 'complexity' | 'need'>): number {
  if (need > 0) return need;
  if (complexity === Complexity.SIMPLE) return 0.2;
  return complexity === Complexity.COMPLEX ? 0.8 : 0.5;
}

/**
 * The lowest rank (1 to 5, with fractions) that counts as good enough: at 0.5 as much as the prompt needs, at 0 anything, at 1 only the best.
 */
export function goodEnoughRank(dial: number, need: number): number {
  const share = Math.min(1, Math.max(0, need + 2 * dial - 1));
  return 1 + share * (highestRank - 1);
}

/**
 * The candidates as the dial (0 cheapest, 1 best) would ask them: first those that are good enough, the cheapest before the dearer;
 * then the others, the best before the lesser. What is alike keeps its order.
 */
export function orderByDial<T extends Weighed>(candidates: readonly T[], dial: number, need: number): T[] {
  const bar = goodEnoughRank(dial, need);
  return [...candidates].sort((a, b) => {
    const [first, second] = [a.rank >= bar, b.rank >= bar];
    if (first !== second) return first ? -1 : 1;
    return first ? byPrice(a, b) || b.rank - a.rank : b.rank - a.rank || byPrice(a, b);
  });
}

function byPrice(a: Weighed, b: Weighed): number {
  if (a.nanoUsd === b.nanoUsd) return 0;
  if (a.nanoUsd === undefined) return 1;
  if (b.nanoUsd === undefined) return -1;
  return a.nanoUsd < b.nanoUsd ? -1 : 1;
}
