import type { Chat, LookupRequest, LookupResponse } from '@refrain/contracts';
import type { Encoded } from '@refrain/rpc';
import type { Settings } from './settings.ts';

/** A lookup on its way through the levels. */
export interface Asked {
  readonly request: LookupRequest;
  /** The request's, in canonical form. */
  readonly chat: Chat;
  readonly settings: Settings;
  readonly nowMs: number;
}

/** What would have been served, if nothing but what was learned, or shadow mode, had not forbidden it. */
export interface Shadow {
  readonly entryId: string;
  readonly confidence: number;
}

/** What a level finds: an answer to send, or why there is none. */
export type LevelResult =
  | { readonly hit: LookupResponse | Encoded }
  | { readonly miss: string; readonly shadow?: Shadow };
