/**
 * The terms a prompt is weighed by: words, signs and pairs of neighbours; and each of them again for a text with choices and for a sum in
 * words, since a word means another thing in a quiz than in a letter. Weighed as usual (rare terms more, repetition damped) and brought
 * to length 1, so that a long prompt does not weigh more.
 */
import { type Form, formOf } from './shape.ts';

/** Terms with their places, for each form; `open` is for every text. */
export type Vocabulary = Readonly<Record<Form, ReadonlyMap<string, number>>>;

/** Places of the terms a text has, and what each weighs; the squares of the weights add up to 1. */
export interface Weighed {
  readonly places: Int32Array;
  readonly weights: Float64Array;
}

/** Calls `visit` for each term of a prompt's head, with the forms it counts for. */
export function forEachTerm(head: string, tokens: readonly string[], visit: (term: string, form: Form) => void): void {
  const form = formOf(head);
  let before = '';
  for (const token of tokens) {
    visit(token, form);
    if (before !== '') visit(`${before} ${token}`, form);
    before = token;
  }
}

/** Weighs a text's terms; `rarity` has a number for each place. */
export function weigh(
  head: string,
  tokens: readonly string[],
  vocabulary: Vocabulary,
  rarity: ArrayLike<number>,
): Weighed {
  const counts = new Map<number, number>();
  const add = (place: number | undefined) => {
    if (place !== undefined) counts.set(place, (counts.get(place) ?? 0) + 1);
  };
  forEachTerm(head, tokens, (term, form) => {
    add(vocabulary.open.get(term));
    if (form !== 'open') add(vocabulary[form].get(term));
  });
  const places = Int32Array.from(counts.keys());
  const weights = new Float64Array(places.length);
  let square = 0;
  for (const [i, place] of places.entries()) {
    const weight = (1 + Math.log(counts.get(place) ?? 1)) * (rarity[place] ?? 0);
    weights[i] = weight;
    square += weight * weight;
  }
  const norm = Math.sqrt(square) || 1;
  return { places, weights: weights.map((weight) => weight / norm) };
}
