/** What is said between a worker and its pool of keys. */
import type { RefrainError } from '@refrain/errors';
import type { ToldLimits } from '../upstream/told-limits.ts';
import type { PooledKey } from './key-set.ts';

/** What a call may use at most: an upper estimate. */
export interface Want {
  readonly promptTokens: number;
  readonly outputTokens: number;
}

/** What a call needs to know to choose. */
export interface LeaseQuery {
  readonly attemptId: string;
  readonly model: string;
  readonly want: Want;
  /** Ids this request has already tried. */
  readonly excluded: readonly string[];
  /** The id of the key to stay with; empty for any. */
  readonly preferred?: string;
}

/** A key and a place at the provider, until settled. */
export interface Lease {
  readonly key: PooledKey;
  readonly attemptId: string;
  readonly model: string;
  readonly want: Want;
  /** When it was given, by the pool's clock. */
  readonly at: number;
  /** It tries a key that has rested. */
  readonly probe: boolean;
  /** Requests, tokens of prompts and of answers leased for the key and model up to and with this one. */
  readonly counters: readonly [number, number, number];
  /** It was taken while Redis was away. */
  readonly local: boolean;
}

/** How a call went: with what it used, with its failure, or not at all. */
export type Settlement =
  | { readonly kind: 'ended'; readonly tokens: number; readonly error?: RefrainError | undefined }
  | { readonly kind: 'unused' };

/** The head of a reply, as far as it is about the key. */
export interface ToldHead {
  readonly isTaken: boolean;
  readonly limits: ToldLimits | undefined;
}

/** The keys of one provider. */
export interface KeyPool {
  /**
   * A key and a place for the call.
   * @throws RefrainError: `overloaded` PROVIDER_BUSY when the provider has as many calls as it may (a place comes free soon);
   * reason NO_KEY with `upstream_denied` when none works any more, else `upstream_exhausted` with the wait until the earliest
   * comes back.
   */
  lease(query: LeaseQuery): Promise<Lease>;
  /** Whether `lease` would find one. */
  available(query: LeaseQuery): Promise<boolean>;
  /** Gives the place back and learns how it went; at once without waiting for Redis. */
  settle(lease: Lease, settlement: Settlement): void;
  /** Learns what the head of the provider's reply said: whether it took the request, and what is left. */
  told(lease: Lease, head: ToldHead): void;
}
