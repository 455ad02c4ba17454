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
/** Two candidates whose answers differ and that are this near, in confidence and in cosine, are a coin's toss. */
const margin = 0.02;

/**
 * The verifier that ships: each candidate passes the rules on its typed signature, then needs a calibrated probability that the budget
 * asks for. Where the next best candidate asks something else and is as likely, none is served.
 */
export function createVerifier({ maxWrongHitRate }: VerifiedOptions): Verifier {
  return {
    decide: (asked, candidates, context) => {
      const { classification, minimumConfidence = 0, budgetShare = 1, history = [], shift = 0 } = context;
      const share = budgetShare * budgetShareOf(classification, asked);
      const threshold = confidenceFor(maxWrongHitRate * share);
      return history.length > 0
        ? decideFollowUp(asked, history, candidates, Math.max(threshold, minimumConfidence))
        : decide(asked, candidates, { threshold, minimumConfidence, shift });
    },
  };
}

interface Judged extends Candidate {
  readonly place: number;
  readonly confidence: number;
  readonly inTraffic: number;
  readonly refusal: Extract<Verdict, { refuse: unknown }>['refuse'] | undefined;
}

function decide(
  asked: string,
  candidates: readonly Candidate[],
  { threshold, minimumConfidence, shift }: { threshold: number; minimumConfidence: number; shift: number },
): Verdict {
  const judged = candidates.map((candidate, place): Judged => {
    const { question, cosine } = candidate;
    // What is no number passes nothing.
    if (!(cosine >= leastCosine) && asked !== question)
      return { ...candidate, place, confidence: -1, inTraffic: -1, refusal: 'below_threshold' };
    return { ...candidate, place, refusal: undefined, ...judge(asked, question, cosine, shift) };
  });
  const [likeliest] = [...judged].sort((x, y) => y.confidence - x.confidence);
  if (!likeliest) return { refuse: 'empty' };
  const unrefused = judged.filter(({ refusal }) => !refusal).sort((x, y) => y.confidence - x.confidence);
  const other = unrefused.find(({ question }) => question !== asked);
  const told = other && { likeliest: other.inTraffic };
  const passing = unrefused.filter(
    ({ confidence, inTraffic }) => inTraffic >= threshold && confidence >= minimumConfidence,
  );
  const chosen = passing.find(({ question }) => asked === question || !instructsOtherwise(asked, question));
  if (!chosen)
    return { ...told, refuse: passing.length > 0 ? 'instruction' : (likeliest.refusal ?? 'below_confidence') };
  if (isAmbiguous(asked, judged, chosen)) return { ...told, refuse: 'ambiguous' };
  return { ...told, accept: chosen.place, confidence: chosen.confidence };
}

/** Another candidate is as near and as likely, and a rule says that it asks something else than the chosen one. */
function isAmbiguous(asked: string, judged: readonly Judged[], chosen: Judged): boolean {
  if (asked === chosen.question) return false;
  return judged.some(
    ({ place, question, cosine, confidence, refusal }) =>
      place !== chosen.place &&
      !refusal &&
      cosine > chosen.cosine - margin &&
      confidence > chosen.confidence - margin &&
      judge(chosen.question, question, chosen.cosine).refusal !== undefined,
  );
}
