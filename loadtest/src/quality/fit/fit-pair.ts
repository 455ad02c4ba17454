/** One pair to fit on. */
export interface FitPair {
  readonly a: string;
  readonly b: string;
  readonly label: number;
  /** Of what it counts, against 1. */
  readonly weight: number;
  /** Where it comes from: a set's name, or how it was made. */
  readonly source: string;
  readonly kind: string;
}
