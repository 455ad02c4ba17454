/** When operators should look at a provider's keys. */
import type { RaiseAlert } from '@refrain/bus';
import type { PoolWatcher } from './pool-watcher.ts';

/** Why an operator should look. */
type AlertKind = 'quota' | 'errors' | 'unused' | 'denied' | 'exhausted';

/** What keys are watched with. */
export interface KeyAlertsParts {
  readonly provider: string;
  readonly raise: RaiseAlert;
  /** The share of a quota from which on one is sent. */
  readonly threshold: number;
}

const leastCalls = 20;
const errorShare = 0.2;

/** Watches over a pool and sends alerts about it. None of this throws or is waited for. */
export class KeyAlerts implements PoolWatcher {
  readonly #parts: KeyAlertsParts;

  constructor(parts: KeyAlertsParts) {
    this.#parts = parts;
  }

  used(id: string, share: number): void {
    const { threshold } = this.#parts;
    if (share >= threshold)
      this.#raise('quota', id, `A key has used ${Math.floor(share * 100)} % of one of its quotas.`);
  }

  ended(id: string, calls: number, errors: number): void {
    if (calls < leastCalls || errors / calls <= errorShare) return;
    this.#raise('errors', id, `${errors} of the last ${calls} calls with a key failed.`);
  }

  denied(id: string, reason: string): void {
    const text = `The provider refuses a key (${reason}): it is out of use, and probed now and then. Once that is mended: npm run -s refrain -- keys revive ${id}`;
    this.#raise('denied', id, text);
  }

  refused(why: 'denied' | 'wait'): void {
    if (why === 'denied') this.#raise('denied', '', 'No key of the provider works any more.');
    else this.#raise('exhausted', '', 'All keys of the provider are resting or have used up their quotas.');
  }

  /** It may have been forgotten, or lie in a pool that is never chosen. */
  unused(id: string): void {
    this.#raise('unused', id, 'A key has not been used for a day, while others of its provider were.');
  }

  #raise(kind: AlertKind, keyId: string, text: string): void {
    const { provider, raise } = this.#parts;
    raise(`${kind}:${provider}:${keyId}`, { kind, provider, keyId, text });
  }
}
