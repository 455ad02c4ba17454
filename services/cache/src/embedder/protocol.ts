/** What the cache sends its embedder: texts in one batch. */
export interface EmbedRequest {
  readonly id: number;
  readonly texts: readonly string[];
}

/** What it gets back: the vectors one after the other, or why not. Id 0 says that the model is loaded. */
export type EmbedReply =
  | { readonly id: number; readonly vectors: Float32Array }
  | { readonly id: number; readonly error: string };
