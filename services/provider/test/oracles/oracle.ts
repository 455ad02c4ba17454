/** What a provider's official SDK makes of a scripted upstream, in words that fit all four. */
import type { FaultKind, ScriptedUpstream } from '@refrain/testkit';

/** An answer as the SDK gives it to its user. */
export interface Said {
  readonly text: string;
  readonly toolCalls: readonly { readonly name: string; readonly arguments: unknown }[];
  /** The finish reason in the provider's own word. */
  readonly finish: string | null | undefined;
  readonly usage: {
    readonly prompt: number | undefined;
    readonly completion: number | undefined;
    readonly cached?: number | null | undefined;
    readonly reasoning?: number | null | undefined;
  };
  readonly model: string | undefined;
}

/** The SDK's own word for each way an answer may end; undefined where the provider has none. */
export interface FinishWords {
  readonly stop: string;
  readonly length: string;
  readonly content_filter: string | undefined;
  readonly tools: string;
}

/** An SDK pointed at a scripted upstream; it asks once, never again by itself. */
export interface Oracle {
  whole(question: string): Promise<Said>;
  /** Hears every piece of text as it comes. */
  stream(question: string, onText?: (text: string) => void): Promise<Said>;
  readonly finish: FinishWords;
  /** Throws unless the error is of the class, status and code that this fault has in the provider's documents. */
  expectFault(kind: FaultKind, error: unknown): void;
  /** How long the error asks to wait, where the SDK shows it; milliseconds. */
  toldToWait(error: unknown): number | undefined;
  /** Throws unless the error is what the SDK raises for an error inside a stream. */
  expectStreamError(error: unknown): void;
}

/** Points an SDK at an upstream. */
export type OpenOracle = (upstream: ScriptedUpstream) => Oracle;
