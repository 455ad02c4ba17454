import type { PromptWeights } from '@refrain/judgement';
import type { Penalties } from './ridge.ts';

/** Knobs of the fit; the defaults are what ships. */
export interface FitOptions {
  /** Prompts that must have a term. */
  readonly leastRows: number;
  /** Terms that ship. */
  readonly terms: number;
  readonly need: Penalties;
  readonly task: Penalties;
  readonly level: Penalties;
  /** Added to the score of `text`, of which collections hold less than traffic does. */
  readonly textBias: number;
  /** See `PromptWeights`. */
  readonly needOf: PromptWeights['needOf'];
  /** Shares of prompts that are taken for simple, and for simple or medium. */
  readonly levelShares: readonly [number, number];
}

/** What ships. */
export const fitDefaults: FitOptions = {
  leastRows: 4,
  terms: 12_000,
  need: { terms: 3, dense: 20 },
  task: { terms: 4, dense: 10 },
  level: { terms: 6, dense: 10 },
  textBias: 0.15,
  needOf: { open: { task: 0.22, level: 0.05 }, choices: { task: 0.07, level: 0 }, sum: { task: 0.07, level: 0 } },
  levelShares: [0.28, 0.69],
};
