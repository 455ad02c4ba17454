/**
 * The rule by which evidence tightens what is served (docs/decisions/0016-learning.md). The budget is wrong hits over lookups. Of the
 * hits at or above a confidence, the share that is wrong is estimated from verdicts and multiplied with how many lookups such hits are.
 * The confidence in force is the least one, from the shipped on, at which that does not break the budget.
 */
import { binOf, bins, type Evidence, lowerEdge } from './evidence.ts';
import { wilson } from './wilson.ts';

/** What the shipped calibration is worth as evidence: so many hits that were right. One mistake alone condemns no partition. */
const priorHits = 20;
/** From so many sampled verdicts on the estimate itself counts; with fewer only what is sure. */
const enoughSampled = 20;

/** Never below `shipped`; 1 where hits of every confidence are wrong too often. */
export function confidenceInForce(evidence: Evidence, shipped: number, maxWrongHitRate: number): number {
  const first = binOf(shipped);
  if (!breaks(evidence, first, maxWrongHitRate)) return shipped;
  for (let bin = first + 1; bin < bins; bin += 1) {
    if (!breaks(evidence, bin, maxWrongHitRate)) return lowerEdge(bin);
  }
  return 1;
}

function breaks(evidence: Evidence, bin: number, maxWrongHitRate: number): boolean {
  const lookups = evidence.of('lookups');
  const wrong = evidence.from('wrong', bin);
  if (wrong === 0 || lookups === 0) return false;
  const hitsOverLookups = Math.min(1, evidence.from('hits', bin) / lookups);
  // Everybody could have complained and most did not: sure to be no overestimate.
  const atLeast = wilson(wrong, priorHits + Math.max(wrong, evidence.from('exposed', bin))).low;
  return Math.max(atLeast, sampledShare(evidence, bin)) * hitsOverLookups > maxWrongHitRate;
}

function sampledShare(evidence: Evidence, bin: number): number {
  const sampled = evidence.from('sampled', bin);
  const wrong = evidence.from('sampledWrong', bin);
  return sampled >= enoughSampled ? wrong / sampled : wilson(wrong, priorHits + sampled).low;
}
