import { rememberedSignature } from '../signature/signature.ts';
import type { Candidate, Verdict } from '../verifier.ts';
import { resolvesTo } from './standalone.ts';

/** A written-out follow-up finds stored questions from this cosine on. */
const leastCosine = 0.5;

/**
 * P(same answer) of what `resolvesTo` takes: on the turns of multiturn_cast, each against every question of the set written out, some 130 were
 * taken and none wrongly (dev side; the lower end of the 95 % interval, rounded down).
 */
const resolvedConfidence = 0.95;

/** Takes the stored question that a follow-up stands for, if `threshold` allows it and no two are taken that ask different things. */
export function decideFollowUp(
  followUp: string,
  history: readonly string[],
  candidates: readonly Candidate[],
  threshold: number,
): Verdict {
  if (candidates.length === 0) return { refuse: 'empty' };
  const near = candidates.flatMap(({ cosine }, i) => (cosine >= leastCosine ? [i] : []));
  if (near.length === 0) return { refuse: 'below_threshold' };
  const question = (i: number) => candidates[i]?.question ?? '';
  const cosine = (i: number) => candidates[i]?.cosine ?? 0;
  const [best, ...others] = near
    .filter((i) => resolvesTo(history, followUp, question(i)))
    .sort((x, y) => cosine(y) - cosine(x));
  if (best === undefined) return { refuse: 'unresolved' };
  if (!(resolvedConfidence >= threshold)) return { refuse: 'below_confidence' };
  // Both are the follow-up with words of the dialogue in it: other words, another question.
  const meant = contentOf(question(best));
  return others.some((i) => contentOf(question(i)) !== meant)
    ? { refuse: 'ambiguous' }
    : { accept: best, confidence: resolvedConfidence };
}

function contentOf(question: string): string {
  const content = rememberedSignature(question).tokens.filter(({ kind }) => kind !== 'function');
  return [...new Set(content.map(({ lemma }) => lemma))].sort().join(' ');
}
