import type { ComplexityName } from './names.ts';

/** A rule of `cache.minimumRank`. */
export interface RankRule {
  readonly when: {
    readonly tier?: readonly string[] | undefined;
    readonly complexity?: readonly ComplexityName[] | undefined;
  };
  readonly rank: number;
}

/** The lowest rank the model behind a cached answer must have for this caller and prompt; 1 where no rule speaks. */
export function minimumRank(rules: readonly RankRule[], tier: string, complexity: ComplexityName): number {
  const rule = rules.find(
    ({ when }) => (when.tier?.includes(tier) ?? true) && (when.complexity?.includes(complexity) ?? true),
  );
  return rule?.rank ?? 1;
}
