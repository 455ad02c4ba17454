/** What every adapter promises to the worker. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Chat, DeltaSchema, FinishReason } from '@refrain/contracts';
import type { Secret } from '@refrain/service';
import type { UpstreamFetch } from '../upstream/http.ts';

/** What is asked of an upstream. */
export interface AdapterCall {
  /** The model's name at the provider. */
  readonly model: string;
  readonly chat: Chat;
  /** The model's context, where refrain.yaml names the model. */
  readonly contextTokens?: number | undefined;
}

/** What an adapter works with. */
export interface AdapterContext {
  readonly fetch: UpstreamFetch;
  readonly signal: AbortSignal;
  /** Absent for keyless providers. */
  readonly key?: Secret | undefined;
}

/** Token counts as far as the upstream has told them; a later event overwrites an earlier one field by field. */
export interface UsageCounts {
  promptTokens?: number;
  completionTokens?: number;
  cachedPromptTokens?: number;
  cacheWriteTokens?: number;
  reasoningTokens?: number;
}

/** A piece of an answer, ready for a frame. */
export type DeltaInit = MessageInitShape<typeof DeltaSchema>;

/** What an upstream's stream says, in our words. `final` comes last and once. */
export type AdapterEvent =
  | { readonly kind: 'delta'; readonly delta: DeltaInit }
  | { readonly kind: 'usage'; readonly usage: UsageCounts }
  /** Bytes came that a caller does not see; `thinking` when the model is at work. */
  | { readonly kind: 'alive'; readonly thinking: boolean }
  | { readonly kind: 'final'; readonly finishReason: FinishReason; readonly model: string };

/** Speaks to one kind of upstream. */
export interface Adapter {
  /**
   * Asks. Throws RefrainError `unsupported` with the field at once, before anything is sent, when the upstream cannot
   * do what the chat asks for; the iterable throws RefrainErrors classified by what the upstream's body says.
   */
  stream(call: AdapterCall, context: AdapterContext): AsyncIterable<AdapterEvent>;
  /**
   * Asks for something that costs nothing and needs the key: a list of models. Throws as `stream` does. Absent where the provider
   * has no keys.
   */
  check?(context: AdapterContext): Promise<void>;
  /** Whether the model can be asked now; adapters without a list say true. */
  has(model: string): boolean;
  /** One word or sentence for `/readyz`. */
  state(): { readonly ok: boolean; readonly text: string };
  close(): Promise<void>;
}
