import { dimensions } from './model.ts';

/** A vector and the entry it belongs to. */
export interface Vector {
  readonly id: string;
  readonly vector: Float32Array;
}

/** How far from 1 the product of two unit vectors may lie by rounding. */
const rounding = 1e-3;

/** The numbers behind stored bytes (little-endian, as on every machine Refrain runs on); undefined where they are not one vector's. */
export function toVector(bytes: Uint8Array): Float32Array | undefined {
  if (bytes.byteLength !== dimensions * Float32Array.BYTES_PER_ELEMENT) return undefined;
  // A copy of its own memory: `bytes` may be a view into a larger buffer, and begin anywhere in it.
  return new Float32Array(new Uint8Array(bytes).buffer);
}

/** The bytes of a vector, as `toVector` reads them. */
export function toBytes(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}

/** The cosine of two unit vectors; NaN, which no threshold lets pass, where they are none. */
export function cosine(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.NaN;
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return Math.abs(sum) > 1 + rounding ? Number.NaN : Math.min(1, sum);
}

/** Ids of the unit vectors nearest to one, nearest first. */
export function nearest(to: Float32Array, vectors: readonly Vector[], count: number): string[] {
  return vectors
    .map(({ id, vector }) => ({ id, cosine: cosine(to, vector) }))
    .filter((each) => !Number.isNaN(each.cosine))
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, count)
    .map(({ id }) => id);
}
