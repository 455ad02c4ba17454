/**
 * One set of stored questions compared with what is asked: embed, find neighbours, let the verifier decide. What a caller asks beyond
 * (a model's rank, an age) only takes away: where all that is near would have been a miss, what is left of it is one too.
 */
import { RefrainError, toRefrainError } from '@refrain/errors';
import { questionOf, type Verdict, type Way } from '@refrain/judgement';
import type { Embedder } from '../embedder/embedder.ts';
import { cosine } from '../embedder/vector.ts';
import { tooLate } from '../entries/life.ts';
import type { NearEntry } from '../entries/near-store.ts';
import type { Partition } from '../entries/partition.ts';
import type { Learning } from '../learning/learning.ts';
import type { Asked } from '../requests/level.ts';
import { type Glances, trustIn } from './glance.ts';
import { type NeighbourParts, neighbours } from './neighbours.ts';
import type { Match } from './release.ts';

/** What comparing stands on. */
export interface CompareParts extends NeighbourParts {
  readonly embedder: Embedder;
  readonly learning: Pick<Learning, 'compared' | 'shift'>;
}

/** A set with `size` entries, and what is looked for in it. */
export interface StoredSet {
  readonly way: Way;
  readonly partition: Partition;
  readonly size: number;
  readonly glances: Glances;
}

/** An entry near what is asked. */
interface Near {
  readonly near: NearEntry;
  readonly cosine: number;
}

/** The entry that the verifier, as it shipped, takes for the same, or why there is none. @throws RefrainError where a part fails */
export async function compare(
  set: StoredSet,
  asked: Asked,
  parts: CompareParts,
): Promise<Match | { readonly miss: string }> {
  const { request, settings, nowMs } = asked;
  const found = await nearestOf(set, asked, parts);
  if (!found) return { miss: 'index_not_ready' };
  const ranked = found.filter(({ near }) => near.entry.rank >= request.minimumRank);
  if (ranked.length === 0 && found.length > 0) return { miss: 'below_rank' };
  const timely = ranked.filter(({ near }) => !tooLate(near.entry, request, { nowMs, cache: settings.cache }));
  if (timely.length === 0 && ranked.length > 0) return { miss: 'too_old' };
  const shift = parts.learning.shift(set.partition);
  const verdict = await parts.times.taken('verify', () => decide(timely, set.way, asked, shift));
  if (verdict.likeliest !== undefined) parts.learning.compared(set.partition, verdict.likeliest);
  if ('refuse' in verdict) return { miss: verdict.refuse };
  const ofAll = timely.length < found.length ? decide(found, set.way, asked, shift) : verdict;
  if ('refuse' in ofAll) return { miss: ofAll.refuse };
  const match = timely[verdict.accept];
  if (!match) return { miss: 'empty' };
  const { near } = match;
  return { near, confidence: verdict.confidence, trust: trustIn(set.glances, near.id) };
}

function decide(
  found: readonly Near[],
  { history, budgetShare }: Way,
  { request, chat, settings }: Asked,
  shift: number,
): Verdict | { readonly refuse: 'no_classification'; readonly likeliest?: undefined } {
  const { classification } = request;
  if (!classification) return { refuse: 'no_classification' };
  const candidates = found.map(({ near, cosine: each }) => ({ question: near.entry.question, cosine: each }));
  return settings.verifier.decide(questionOf(chat), candidates, { classification, history, budgetShare, shift });
}

/** The neighbours of all texts of the way, each once, with the cosine to the nearest of them. */
async function nearestOf(
  { way, partition, size, glances }: StoredSet,
  asked: Asked,
  parts: CompareParts,
): Promise<Near[] | undefined> {
  const vectors = await parts.times.taken('embedding', () => embedAll(way.texts, parts.embedder));
  const around = vectors.map((vector) => ({ partition, vector, size, glance: glances.get(vector) }));
  const lists = await Promise.all(around.map((each) => neighbours(each, asked, parts)));
  const known = new Map<string, Near>();
  for (const near of lists.flatMap((list) => list ?? [])) {
    const best = Math.max(...vectors.map((vector) => cosine(vector, near.vector)));
    known.set(near.id, { near, cosine: best });
  }
  return lists.every((list) => list === undefined) ? undefined : [...known.values()];
}

/** A follow-up written out in a way that the model cannot read is one way less. @throws RefrainError where none can be embedded */
async function embedAll(texts: readonly string[], embedder: Embedder): Promise<Float32Array[]> {
  const done = await Promise.allSettled(texts.map((text) => embedder.embed(text)));
  const failures = done.flatMap((each) => (each.status === 'rejected' ? [toRefrainError(each.reason)] : []));
  const failure = failures.find(({ code }) => code !== 'unsupported') ?? failures[0];
  const vectors = done.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  if (failure && (failure.code !== 'unsupported' || vectors.length === 0)) throw failure;
  if (vectors.length === 0) throw new RefrainError('internal', 'There is nothing to look for.');
  return vectors;
}
