/** From the names on a route to the hops of a request: who is dropped and why, and in which order the others are asked. */
import { create } from '@bufbuild/protobuf';
import { UsageSchema } from '@refrain/contracts';
import { costNanoUsd, type Price } from './money.ts';
import { orderByDial } from './policy-dial.ts';
import { drawOrder } from './policy-draw.ts';

/** A name on a route; of neighbours with weights each comes first as often as its weight says. */
export type CandidateName = string | { readonly model: string; readonly weight: number };

/** What a rule asks of its candidates. */
export interface Demands {
  /** Models below are dropped. */
  readonly minimumRank?: number | undefined;
  /** Models whose input or output costs more for a million tokens are dropped. */
  readonly maxNanoUsdPerMillion?: number | undefined;
  /** Models at which this very request may cost more are dropped. */
  readonly maxNanoUsd?: number | undefined;
  /** Who comes first: local models, or those that lately began to speak soonest. */
  readonly prefer?: 'local' | 'fast' | undefined;
}

/** Why a candidate is asked or not. */
export const candidateVerdicts = {
  kept: 'kept',
  rank: 'rank_below_minimum',
  price: 'price_above_ceiling',
  unpriced: 'price_unknown',
  context: 'context_too_small',
  open: 'breaker_open',
} as const;
/** One of them. */
export type CandidateVerdict = (typeof candidateVerdicts)[keyof typeof candidateVerdicts];

/** A model with what is decided by. */
export interface Candidate {
  readonly provider: string;
  readonly model: string;
  readonly rank: number;
  readonly price: Price | undefined;
  readonly contextTokens: number;
  readonly isLocal: boolean;
  /** Absent: it keeps its place. */
  readonly weight?: number | undefined;
  /** What the request would cost at its `max_tokens`. */
  readonly nanoUsd: bigint | undefined;
}

/** What the order depends on beside the candidates. */
export interface Circumstances {
  /** Absent: the order as it is written. */
  readonly dial: number | undefined;
  readonly need: number;
  /** Names the conversation; asked for where somebody has a weight. */
  readonly conversation: () => string;
  /** Milliseconds to the first piece, the middle of the last calls; undefined where nobody knows. */
  readonly p50Ms: (provider: string, model: string) => number | undefined;
}

/** English and code, about: for prices by the character. */
const charactersPerToken = 4;

/** What so many tokens, said and answered, would cost. */
export function estimateNanoUsd(
  { completionTokens, promptTokens }: { readonly promptTokens: number; readonly completionTokens: number },
  price: Price,
): bigint {
  const usage = create(UsageSchema, {
    promptTokens,
    completionTokens,
    promptCharacters: promptTokens * charactersPerToken,
    completionCharacters: completionTokens * charactersPerToken,
  });
  return costNanoUsd(usage, price);
}

/** Whether a candidate meets the demands and has room for so many tokens. */
export function judgeCandidate(candidate: Candidate, demands: Demands, neededTokens: number): CandidateVerdict {
  const { contextTokens, nanoUsd, price, rank } = candidate;
  const { maxNanoUsd, maxNanoUsdPerMillion, minimumRank = 0 } = demands;
  if (rank < minimumRank) return candidateVerdicts.rank;
  const isCapped = maxNanoUsd !== undefined || maxNanoUsdPerMillion !== undefined;
  if (isCapped && (!price || nanoUsd === undefined)) return candidateVerdicts.unpriced;
  const counted = price?.per === 'character' ? charactersPerToken : 1;
  const perMillion = price ? Math.max(price.input, price.output) * counted : 0;
  if (perMillion > (maxNanoUsdPerMillion ?? Number.POSITIVE_INFINITY)) return candidateVerdicts.price;
  if (maxNanoUsd !== undefined && (nanoUsd ?? 0n) > BigInt(maxNanoUsd)) return candidateVerdicts.price;
  return contextTokens < neededTokens ? candidateVerdicts.context : candidateVerdicts.kept;
}

/** The candidates in the order they are asked: as written, neighbours with weights as drawn; else by the dial; then who is preferred. */
export function orderCandidates(
  candidates: readonly Candidate[],
  demands: Demands,
  circumstances: Circumstances,
): Candidate[] {
  const { dial, need, p50Ms } = circumstances;
  const isWeighted = candidates.some(({ weight }) => weight !== undefined);
  // Shares that an operator wrote down are kept, whatever the dial says.
  const ordered = isWeighted
    ? drawGroups(candidates, circumstances.conversation())
    : dial === undefined
      ? [...candidates]
      : orderByDial(candidates, dial, need);
  if (demands.prefer === 'local') return ordered.sort((a, b) => Number(b.isLocal) - Number(a.isLocal));
  if (demands.prefer !== 'fast') return ordered;
  const steps = new Map(ordered.map((each) => [each, speedStep(p50Ms(each.provider, each.model))]));
  return ordered.sort((a, b) => (steps.get(a) ?? 0) - (steps.get(b) ?? 0));
}

/** Steps of a quarter, so that a few milliseconds change no order. Who is not known comes first: that is how it becomes known. */
function speedStep(p50Ms: number | undefined): number {
  return p50Ms === undefined ? 0 : Math.max(1, Math.ceil(Math.log(p50Ms) / Math.log(1.25)));
}

function drawGroups(candidates: readonly Candidate[], key: string): Candidate[] {
  const ordered: Candidate[] = [];
  let group: Candidate[] = [];
  const draw = () => {
    const named = ({ model, provider, weight = 1 }: Candidate) => ({ name: `${provider}/${model}`, weight });
    ordered.push(...drawOrder(group, named, key));
    group = [];
  };
  for (const candidate of candidates) {
    if (candidate.weight !== undefined) group.push(candidate);
    else {
      draw();
      ordered.push(candidate);
    }
  }
  draw();
  return ordered;
}
