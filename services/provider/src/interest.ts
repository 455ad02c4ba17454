/**
 * Whether somebody still waits for a request. The router renews its interest every 2 s from `accepted` on and says cancel
 * when the caller leaves; a router that died says nothing, and after 10 s of that nobody waits.
 */
import { fromBinary } from '@bufbuild/protobuf';
import { ControlKind, ControlSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';

/** How a request loses the one who asked. */
export type Leaving = (reason: RefrainError) => void;

/** Silence after which nobody waits. */
const defaultSilenceMs = 10_000;

/** The interest in one request. */
export class Interest {
  readonly #leave: Leaving;
  readonly #silenceMs: number;
  readonly #forget: () => void;
  #silence: NodeJS.Timeout | undefined;

  constructor(leave: Leaving, silenceMs: number, forget: () => void) {
    this.#leave = leave;
    this.#silenceMs = silenceMs;
    this.#forget = forget;
  }

  /** The router knows where to renew: from now on its silence counts. */
  accepted(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#leave(new RefrainError('canceled', 'Nobody waits for the answer any more.', { reason: 'ABANDONED' }));
    }, this.#silenceMs);
  }

  /** Somebody still waits. */
  renew(): void {
    if (this.#silence) this.accepted();
  }

  /** The caller left. */
  cancel(): void {
    this.#leave(new RefrainError('canceled', 'The caller left.'));
  }

  /** The request is over: nobody is asked any more. */
  end(): void {
    clearTimeout(this.#silence);
    this.#forget();
  }
}

/** The requests of one worker and who waits for them. */
export class Interests {
  readonly #watched: Map<string, Interest> = new Map();
  readonly #silenceMs: number;

  constructor(silenceMs: number = defaultSilenceMs) {
    this.#silenceMs = silenceMs;
  }

  /** Watches a request until `end`; `leave` may be called more than once. */
  watch(attemptId: string, leave: Leaving): Interest {
    const interest = new Interest(leave, this.#silenceMs, () => this.#watched.delete(attemptId));
    this.#watched.set(attemptId, interest);
    return interest;
  }

  /** Takes what came on a control subject; what is not for one of ours is not for us. Throws for what is no Control. */
  receive(data: Uint8Array): void {
    const { attemptId, kind } = fromBinary(ControlSchema, data);
    const interest = this.#watched.get(attemptId);
    if (kind === ControlKind.RENEW) interest?.renew();
    if (kind === ControlKind.CANCEL) interest?.cancel();
  }
}
