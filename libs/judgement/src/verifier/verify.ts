import { decideFollowUp } from '../dialogue/decide-follow-up.ts';
import { instructsOtherwise } from '../hardening/instructs-otherwise.ts';
import { budgetShareOf } from '../semantic-policy.ts';
import type { Candidate, Verdict, Verifier } from '../verifier.ts';
import { confidenceFor, judge } from './judge.ts';

/** How the semantic level decides. */
export interface VerifiedOptions {
  /** Wrong hits over lookups that the operator accepts, 0 to 1. */
  readonly maxWrongHitRate: number;
}

/** Below this cosine nothing is looked at: what is served from there would be luck. */
const leastCosine = 0.6;
/** Two candidates whose answers differ and that are this near in confidence are a coin's toss. */
const margin = 0.02;

/**
 * The verifier that ships: each candidate passes the rules on its typed signature, then needs a calibrated probability that the budget
 * asks for. Where the next best candidate asks something else and is as likely, none is served.
 */
export function createVerifier({ maxWrongHitRate }: VerifiedOptions): Verifier {
  return {
    decide: (asked, candidates, { classification, minimumConfidence = 0, budgetShare = 1, history = [] }) => {
      const share = budgetShare * budgetShareOf(classification, asked);
      const threshold = Math.max(confidenceFor(maxWrongHitRate * share), minimumConfidence);
      return history.length > 0
        ? decideFollowUp(asked, history, candidates, threshold)
        : decide(asked, candidates, threshold);
    },
  };
}

function decide(asked: string, candidates: readonly Candidate[], threshold: number): Verdict {
  let best = -1;
  let most = 0;
  let refusal: Extract<Verdict, { refuse: unknown }>['refuse'] = 'empty';
  let likeliest = -1;
  for (const [i, { question, cosine }] of candidates.entries()) {
    // What is no number passes nothing.
    if (!(cosine >= leastCosine) && asked !== question) {
      if (likeliest < 0) refusal = 'below_threshold';
      continue;
    }
    const { confidence, refusal: rule } = judge(asked, question, cosine);
    if (confidence > likeliest) {
      likeliest = confidence;
      refusal = rule ?? 'below_confidence';
    }
    if (rule || !(confidence >= threshold) || confidence <= most) continue;
    if (asked !== question && instructsOtherwise(asked, question)) {
      refusal = 'instruction';
      continue;
    }
    best = i;
    most = confidence;
  }
  const chosen = candidates[best];
  if (!chosen) return { refuse: refusal };
  return isAmbiguous(asked, candidates, best, most) ? { refuse: 'ambiguous' } : { accept: best, confidence: most };
}

/** Another candidate is nearer to the question than the chosen one and was refused by a rule against the chosen one too. */
function isAmbiguous(asked: string, candidates: readonly Candidate[], best: number, most: number): boolean {
  const chosen = candidates[best];
  if (!chosen || asked === chosen.question) return false;
  return candidates.some((other, i) => {
    if (i === best || other.cosine <= chosen.cosine) return false;
    const { confidence, refusal } = judge(asked, other.question, other.cosine);
    return (
      !refusal &&
      confidence > most - margin &&
      judge(chosen.question, other.question, chosen.cosine).refusal !== undefined
    );
  });
}
