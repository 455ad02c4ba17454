/**
 * The nearest earlier vectors of each vector, by brute force with a cheap first look: the signs of a vector's numbers as bits; two unit
 * vectors of a cosine of 0.6 or more differ in about 113 of 384 signs, and what differs in more than 150 is not computed.
 */
import { dimensions } from './vector-file.ts';

/** A neighbour, by its place among the rows. */
export interface Neighbour {
  readonly place: number;
  readonly cosine: number;
}

const leastCosine = 0.6;
const mostFlipped = 150;
const wordCount = dimensions / 32;

/**
 * For each place up to `count` earlier places of the same group, nearest first, of cosine 0.6 or more. Rows without a vector have none
 * and are nobody's.
 */
export function nearestEarlier(
  vectors: readonly (Float32Array | undefined)[],
  groups: readonly string[],
  count: number,
  onProgress: (done: number) => void,
): Neighbour[][] {
  const flat = new Float32Array(vectors.length * dimensions);
  const signs = new Int32Array(vectors.length * wordCount);
  const members = new Map<string, number[]>();
  return vectors.map((vector, row) => {
    if (row % 1000 === 0) onProgress(row);
    if (!vector) return [];
    flat.set(vector, row * dimensions);
    for (let i = 0; i < dimensions; i += 1) {
      if ((vector[i] ?? 0) > 0)
        signs[row * wordCount + (i >> 5)] = (signs[row * wordCount + (i >> 5)] ?? 0) | (1 << (i & 31));
    }
    const group = groups[row] ?? '';
    const earlier = members.get(group) ?? [];
    members.set(group, earlier);
    const best: Neighbour[] = [];
    for (const place of earlier) {
      if (flipped(signs, row, place) > mostFlipped) continue;
      const cosine = dot(flat, row, place);
      if (cosine < leastCosine || (best.length === count && cosine <= (best[count - 1]?.cosine ?? 0))) continue;
      let at = best.length;
      while (at > 0 && (best[at - 1]?.cosine ?? 2) < cosine) at -= 1;
      best.splice(at, 0, { place, cosine });
      if (best.length > count) best.pop();
    }
    earlier.push(row);
    return best;
  });
}

function flipped(signs: Int32Array, row: number, place: number): number {
  let sum = 0;
  for (let i = 0; i < wordCount; i += 1) {
    let bits = (signs[row * wordCount + i] as number) ^ (signs[place * wordCount + i] as number);
    bits -= (bits >>> 1) & 0x55555555;
    bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
    sum += Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return sum;
}

function dot(flat: Float32Array, row: number, place: number): number {
  const a = row * dimensions;
  const b = place * dimensions;
  let sum = 0;
  for (let i = 0; i < dimensions; i += 1) sum += (flat[a + i] as number) * (flat[b + i] as number);
  return sum;
}
