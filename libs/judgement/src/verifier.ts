import type { Classification } from '@refrain/contracts';
import type { RuleRefusal } from './verifier/rules.ts';
import calibration from './weights/cosine-calibration.json' with { type: 'json' };

/** A stored question near the one that is asked. */
export interface Candidate {
  readonly question: string;
  /** Cosine of the two embeddings, -1 to 1. */
  readonly cosine: number;
}

/** Serve the candidate of that place, with the probability that it is the same answer; or none, and why. */
export type Verdict = {
  /** In this traffic, the probability of the likeliest candidate that no rule refuses and that is not the very text; absent where there is none. */
  readonly likeliest?: number | undefined;
} & (
  | { readonly accept: number; readonly confidence: number }
  | {
      readonly refuse:
        | 'empty'
        | 'below_threshold'
        | 'below_confidence'
        | 'ambiguous'
        | 'unresolved'
        | 'instruction'
        | RuleRefusal;
    }
);

/** What is known beside the questions. */
export interface VerifierContext {
  readonly classification: Classification;
  /** Only tightens: what is less likely is refused, also where it is no number. */
  readonly minimumConfidence?: number | undefined;
  /** Part of the budget that may be used, over 0 to 1, beside what the class says; 1 where absent. */
  readonly budgetShare?: number | undefined;
  /** Log-odds that the partition's traffic adds (`Traffic`); 0 where absent. */
  readonly shift?: number | undefined;
  /** The asker's turns that a follow-up points back to; where there are any, a candidate must be the follow-up written out. */
  readonly history?: readonly string[] | undefined;
}

/** Decides whether a stored answer answers what is asked. */
export interface Verifier {
  decide(asked: string, candidates: readonly Candidate[], context: VerifierContext): Verdict;
}

/**
 * The plain threshold: the nearest candidate, if its cosine is high enough. Its confidence is P(same answer | cosine), a logistic curve
 * fitted on labelled pairs (`loadtest/src/quality/fit-cosine-calibration.ts`), not the cosine itself.
 */
export function createThresholdVerifier(threshold: number): Verifier {
  return {
    decide: (_asked, candidates, { minimumConfidence = 0, history = [] }) => {
      // A cosine says nothing about what a follow-up points to.
      if (history.length > 0) return { refuse: 'unresolved' };
      let best = -1;
      candidates.forEach(({ cosine }, i) => {
        if (cosine > (candidates[best]?.cosine ?? Number.NEGATIVE_INFINITY)) best = i;
      });
      const candidate = candidates[best];
      if (!candidate) return { refuse: 'empty' };
      if (!(candidate.cosine >= threshold)) return { refuse: 'below_threshold' };
      const confidence = sameAnswerProbability(candidate.cosine);
      return confidence >= minimumConfidence ? { accept: best, confidence } : { refuse: 'below_confidence' };
    },
  };
}

/** P(same answer | cosine) of all-MiniLM-L6-v2. */
export function sameAnswerProbability(cosine: number): number {
  return 1 / (1 + Math.exp(-(calibration.intercept + calibration.slope * cosine)));
}
