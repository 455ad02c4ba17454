/** What the cache sends its embedder: texts in one batch. */
export interface EmbedRequest {
  readonly id: number;
  readonly texts: readonly string[];
}

/**
 * Why a text has no vector that could be trusted: it is longer than the model reads, or has a symbol the model does not know,
 * which it takes for the same as every other one it does not know.
 */
export type Unusable = 'too_long' | 'unknown_symbols';

/** What it gets back: for each text its vector or why it has none; or why the batch failed. Id 0 says that the model is loaded. */
export type EmbedReply =
  | { readonly id: number; readonly vectors: Float32Array; readonly unusable: readonly (Unusable | null)[] }
  | { readonly id: number; readonly error: string };
