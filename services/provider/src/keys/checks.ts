/**
 * Looks at keys without any caller waiting: now and then at all of them, by one worker for the whole fleet, and at those that are out
 * when their probe is due. What comes of it the pool learns as it learns it from calls.
 */
import { RefrainError, toRefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import { keyPoolNames, type State } from '@refrain/state';
import { withoutSecret } from '../without-secret.ts';
import type { PooledKey } from './key-set.ts';
import type { SharedPool } from './shared-pool.ts';

/** What keys are checked with. */
export interface CheckParts {
  readonly provider: string;
  readonly pool: SharedPool;
  readonly state: Pick<State, 'command'>;
  readonly log: Logger;
  /** Asks the provider something that costs nothing. Throws RefrainError. */
  readonly ask: (key: PooledKey, signal: AbortSignal) => Promise<void>;
  /** Between two looks at all keys; 0: none. */
  readonly everyMs: number;
  /** Hears whether the provider answered. */
  readonly onLook: (isUp: boolean) => void;
}

const checkLimitMs = 10_000;
const aboutTheKey: ReadonlySet<string> = new Set(['upstream_denied', 'upstream_exhausted']);

/** The checks of one provider's keys. */
export class KeyChecks {
  readonly #parts: CheckParts;
  readonly #stop = new AbortController();

  constructor(parts: CheckParts) {
    this.#parts = parts;
  }

  /** Ends what is under way. */
  stop(): void {
    this.#stop.abort();
  }

  /** Looks at all keys that are in use, one after the other, if no other worker has done so of late. */
  async lookAtAll(): Promise<void> {
    const { provider, pool, state, everyMs, onLook } = this.#parts;
    const turn = `${keyPoolNames(provider).records}:check`;
    // A little shorter than the time between two looks: whoever comes first has the turn.
    if ((await state.command('SET', turn, 1, 'PX', Math.ceil(everyMs * 0.9), 'NX')) !== 'OK') return;
    for (const key of pool.keys.values()) {
      if (this.#stop.signal.aborted) return;
      if (pool.local.keys.get(key.id)?.disabled) continue;
      const error = await this.#ask(key);
      const isUp = !error || aboutTheKey.has(error.code);
      onLook(isUp);
      if (error) pool.report(key.id, error);
      // It is the provider that is ill: the other keys would find no more.
      if (!isUp) return;
    }
  }

  /** Probes the keys that are out and whose time has come. */
  async probeDue(): Promise<void> {
    const { pool, log, provider } = this.#parts;
    const now = pool.now();
    for (const key of pool.keys.values()) {
      const known = pool.local.keys.get(key.id);
      if (!known?.disabled || known.probeAt === 0 || known.probeAt > now) continue;
      if (this.#stop.signal.aborted || !(await pool.claimProbe(key.id))) continue;
      const error = await this.#ask(key);
      await pool.probed(key.id, error === undefined);
      log.info({ provider, keyId: key.id, isAlive: !error, reason: error?.reason }, 'a key that was out was probed');
    }
  }

  async #ask(key: PooledKey): Promise<RefrainError | undefined> {
    try {
      await this.#parts.ask(key, AbortSignal.any([this.#stop.signal, AbortSignal.timeout(checkLimitMs)]));
      return undefined;
    } catch (thrown) {
      const error = isTimeout(thrown)
        ? new RefrainError('unavailable', 'The provider did not answer in time.', { reason: 'UPSTREAM_SILENT' })
        : withoutSecret(toRefrainError(thrown), key.secret);
      this.#parts.log.debug({ provider: this.#parts.provider, keyId: key.id, err: error }, 'a key was checked in vain');
      return error;
    }
  }
}

function isTimeout(thrown: unknown): boolean {
  return thrown instanceof DOMException && (thrown.name === 'TimeoutError' || thrown.name === 'AbortError');
}
