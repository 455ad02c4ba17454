/** What a pool tells those who watch over it. */
export interface PoolWatcher {
  /** A key was taken; the share of its tightest quota that is now used. */
  used(id: string, share: number): void;
  /** A call of a key ended; calls and errors of the last minutes. */
  ended(id: string, calls: number, errors: number): void;
  /** The provider has refused a key, by a call or by a look at it: it is out of use. */
  denied(id: string, reason: string): void;
  /** No key could be given, to a request that had tried none. */
  refused(why: 'denied' | 'wait'): void;
}
