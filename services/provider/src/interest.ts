/**
 * Whether somebody still waits for a request. From the first frame on the router renews its interest every 2 s, and says
 * cancel when the caller leaves; a router that died says nothing, and after 10 s of that nobody waits. Each renewal is
 * answered, so that the router knows as much of the worker.
 */
import { fromBinary } from '@bufbuild/protobuf';
import { ControlKind, ControlSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';

/** What the interest in a request leads to. */
export interface InterestHandlers {
  /** Nobody waits any more; may be called more than once. */
  readonly onLeave: (reason: RefrainError) => void;
  /** Somebody does, and wants to know that we are there. */
  readonly onRenew: () => void;
}

/** Silence after which nobody waits. */
const defaultSilenceMs = 10_000;

/** The interest in one request. */
export class Interest {
  readonly #handlers: InterestHandlers;
  readonly #silenceMs: number;
  readonly #forget: () => void;
  #silence: NodeJS.Timeout | undefined;

  constructor(handlers: InterestHandlers, silenceMs: number, forget: () => void) {
    this.#handlers = handlers;
    this.#silenceMs = silenceMs;
    this.#forget = forget;
  }

  /** The router knows where to renew: from now on its silence counts. */
  accepted(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#handlers.onLeave(
        new RefrainError('canceled', 'Nobody waits for the answer any more.', { reason: 'ABANDONED' }),
      );
    }, this.#silenceMs);
  }

  /** Somebody still waits. */
  renew(): void {
    if (!this.#silence) return;
    this.accepted();
    this.#handlers.onRenew();
  }

  /** The caller left. */
  cancel(): void {
    this.#handlers.onLeave(new RefrainError('canceled', 'The caller left.'));
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

  /** Watches a request until `end`. */
  watch(attemptId: string, handlers: InterestHandlers): Interest {
    const interest = new Interest(handlers, this.#silenceMs, () => this.#watched.delete(attemptId));
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
