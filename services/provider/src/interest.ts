/**
 * Whether somebody still waits for an attempt. The router renews its interest every 2 s and says cancel when the caller
 * leaves; a router that died says nothing, and after 10 s of that nobody waits.
 */

import { fromBinary } from '@bufbuild/protobuf';
import { ControlKind, ControlSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';

/** How an attempt loses the one who asked. */
export type Leaving = (reason: RefrainError) => void;

/** Silence after which nobody waits. */
export const silenceMs = 10_000;

interface Watched {
  readonly timer: NodeJS.Timeout;
  readonly leave: Leaving;
}

/** The attempts of one worker and who waits for them. */
export class Interests {
  readonly #watched: Map<string, Watched> = new Map();
  readonly #silenceMs: number;

  constructor(limitMs: number = silenceMs) {
    this.#silenceMs = limitMs;
  }

  /** Watches an attempt from now on; gives the function that ends the watch. */
  watch(attemptId: string, leave: Leaving): () => void {
    const timer = setTimeout(() => {
      leave(new RefrainError('canceled', 'Nobody waits for the answer any more.', { reason: 'ABANDONED' }));
    }, this.#silenceMs);
    this.#watched.set(attemptId, { timer, leave });
    return () => {
      clearTimeout(timer);
      this.#watched.delete(attemptId);
    };
  }

  /** Takes what came on the control subject; what is not for one of ours is not for us. */
  receive(data: Uint8Array): void {
    const control = fromBinary(ControlSchema, data);
    const watched = this.#watched.get(control.attemptId);
    if (!watched) return;
    if (control.kind === ControlKind.RENEW) watched.timer.refresh();
    if (control.kind === ControlKind.CANCEL) watched.leave(new RefrainError('canceled', 'The caller left.'));
  }
}
