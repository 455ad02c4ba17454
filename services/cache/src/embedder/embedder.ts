import { RefrainError } from '@refrain/errors';

/** Turns questions into unit vectors. */
export interface Embedder {
  /** Whether a model is loaded and answering. */
  readonly ready: boolean;
  /** For people: "up", or what is wrong. */
  readonly state: string;
  /**
   * The vector of a question, without its courtesies. A `patient` asker lets others before and waits longer.
   * @throws RefrainError `unavailable` (EMBEDDER_DOWN), `overloaded` (EMBEDDER_BUSY) or `deadline` (EMBEDDER_SLOW) where it fails;
   * `unsupported` (TOO_LONG, UNKNOWN_SYMBOLS) for a text of which the model would see only a part
   */
  embed(question: string, urgency?: 'urgent' | 'patient'): Promise<Float32Array>;
  /** The vector of a question that was embedded a moment ago; costs nothing. */
  known(question: string): Float32Array | undefined;
  /** Lets go what was embedded a moment ago, whosever it was. */
  forget(): void;
  stop(): Promise<void>;
}

/** Stands in where there is no model, and says why: the cache then runs exact-only. */
export function noEmbedder(fault: string): Embedder {
  return {
    ready: false,
    state: `no model, exact answers only: ${fault}`,
    embed: () => Promise.reject(embedderDown()),
    known: () => undefined,
    forget: () => undefined,
    stop: () => Promise.resolve(),
  };
}

/** What callers get while the embedder cannot answer. */
export function embedderDown(): RefrainError {
  return new RefrainError('unavailable', 'The embedder is not ready.', { reason: 'EMBEDDER_DOWN' });
}
