/**
 * Pairs as traffic has them: real questions and their nearest neighbours. Rules make near misses that differ by a word; people ask
 * about the same thing in ways that are near and yet want something else, and of those no rule makes enough.
 */
import type { Vectors } from '../embed-texts.ts';
import { nearestEarlier } from '../neighbours.ts';
import { readRows } from '../rows.ts';
import type { FitPair } from './fit-pair.ts';
import { Random } from './random.ts';

/** A question; questions of one class want one answer, as far as the data's authors say. */
export interface NaturalText {
  readonly text: string;
  readonly class: string;
  readonly source: string;
}

/** Customers' questions by intent, turns of conversations written out, and questions of benchmarks, each a class of its own. */
export function naturalTexts(folder: string): NaturalText[] {
  const banking = readRows<{ text: string; class: string }>(folder, 'clusters/clusters_banking77');
  const turns = readRows<{ resolved: string }>(folder, 'multiturn/multiturn_cast');
  const prompts = ['routing/routing_llmrouter', 'routing/routing_mmlu'].flatMap((file) =>
    readRows<{ prompt: string }>(folder, file).map(({ prompt }) => prompt),
  );
  const single = [...turns.map(({ resolved }) => resolved), ...prompts.filter((text) => text.length < 200)];
  return [
    ...banking.map((row) => ({ ...row, source: 'banking77' })),
    ...[...new Set(single)].map((text) => ({ text, class: text, source: 'single' })),
  ];
}

/** Each with up to three neighbours. An intent is broader than an answer, so pairs of one intent count little and only when near. */
export function naturalPairs(texts: readonly NaturalText[], vectorOf: Vectors, seed: number): FitPair[] {
  const random = new Random(seed);
  const vectors = texts.map(({ text }) => {
    const vector = vectorOf(text);
    return typeof vector === 'string' ? undefined : vector;
  });
  const near = nearestEarlier(
    vectors,
    texts.map(({ source }) => source),
    6,
    () => undefined,
  );
  return texts.flatMap((own, i) =>
    random
      .shuffled(near[i] ?? [])
      .slice(0, 3)
      .flatMap(({ place, cosine }): FitPair[] => {
        const other = texts[place];
        if (!other || plain(other.text) === plain(own.text)) return [];
        const isSame = other.class === own.class;
        if (isSame && cosine < 0.75) return [];
        const weight = isSame ? 0.25 : 0.8;
        return [
          {
            a: other.text,
            b: own.text,
            label: isSame ? 1 : 0,
            weight,
            source: own.source,
            kind: isSame ? own.class : 'neighbour',
          },
        ];
      }),
  );
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
}
