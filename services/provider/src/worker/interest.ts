/**
 * Who waits for a request. From the first frame on each router that listens renews its interest every 2 s, and says cancel when its
 * callers leave; one that died says nothing, and after 10 s of that it does not wait any more. A router that has the same question
 * joins. When the last listener is gone nobody waits. Each renewal is answered, so that routers know as much of the worker.
 */
import { fromBinary } from '@bufbuild/protobuf';
import type { BusMessage } from '@refrain/bus';
import { ControlKind, ControlSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';

/** What the interest in a request leads to. A listener is the reply subject of a router's stream. */
export interface InterestHandlers {
  readonly onJoin: (listener: string) => void;
  /** Others still listen. */
  readonly onLeave: (listener: string) => void;
  /** Nobody waits any more; the last one still hears how it ends. */
  readonly onAbandoned: (reason: RefrainError) => void;
  /** Somebody does, and wants to know that we are there. */
  readonly onRenew: () => void;
}

/** Silence after which a listener does not wait. */
const defaultSilenceMs = 10_000;

/** The interest in one request. */
export class Interest {
  readonly #handlers: InterestHandlers;
  readonly #silenceMs: number;
  readonly #forget: () => void;
  readonly #asker: string;
  /** Listener to the end of its silence; the asker has none before it knows where to renew. */
  readonly #listeners: Map<string, NodeJS.Timeout | undefined> = new Map();

  constructor(asker: string, handlers: InterestHandlers, options: { silenceMs: number; forget: () => void }) {
    this.#asker = asker;
    this.#handlers = handlers;
    this.#silenceMs = options.silenceMs;
    this.#forget = options.forget;
    this.#listeners.set(asker, undefined);
  }

  /** Whoever asked knows where to renew: from now on its silence counts. */
  accepted(): void {
    this.#hear(this.#asker);
  }

  /** Takes what a listener says. */
  receive(kind: ControlKind, listener: string): void {
    if (kind === ControlKind.JOIN) {
      this.#arm(listener);
      this.#handlers.onJoin(listener);
    } else if (kind === ControlKind.RENEW) {
      if (this.#listeners.get(listener) === undefined) return;
      this.#arm(listener);
      this.#handlers.onRenew();
    } else if (kind === ControlKind.CANCEL) {
      this.#drop(listener, new RefrainError('canceled', 'The caller left.'));
    }
  }

  /** The request is over: nobody is asked any more. */
  end(): void {
    for (const silence of this.#listeners.values()) clearTimeout(silence);
    this.#forget();
  }

  #hear(listener: string): void {
    if (this.#listeners.has(listener)) this.#arm(listener);
  }

  #arm(listener: string): void {
    clearTimeout(this.#listeners.get(listener));
    const silent = () =>
      this.#drop(
        listener,
        new RefrainError('canceled', 'Nobody waits for the answer any more.', { reason: 'ABANDONED' }),
      );
    this.#listeners.set(listener, setTimeout(silent, this.#silenceMs));
  }

  #drop(listener: string, reason: RefrainError): void {
    if (!this.#listeners.has(listener)) return;
    clearTimeout(this.#listeners.get(listener));
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) this.#handlers.onLeave(listener);
    else this.#handlers.onAbandoned(reason);
  }
}

/** The requests of one worker and who waits for them. */
export class Interests {
  readonly #watched: Map<string, Interest> = new Map();
  readonly #silenceMs: number;
  readonly #onStranger: (attemptId: string, listener: string) => void;

  /** `onStranger` hears of a router that joins an attempt which is not (or no longer) under way. */
  constructor(onStranger: (attemptId: string, listener: string) => void, silenceMs: number = defaultSilenceMs) {
    this.#onStranger = onStranger;
    this.#silenceMs = silenceMs;
  }

  /** Watches a request until `end`. */
  watch(attemptId: string, asker: string, handlers: InterestHandlers): Interest {
    const forget = () => this.#watched.delete(attemptId);
    const interest = new Interest(asker, handlers, { silenceMs: this.#silenceMs, forget });
    this.#watched.set(attemptId, interest);
    return interest;
  }

  /** Takes what came on a control subject; what is not for one of ours is not for us. Throws for what is no Control. */
  receive({ data, reply = '' }: Pick<BusMessage, 'data' | 'reply'>): void {
    const { attemptId, kind } = fromBinary(ControlSchema, data);
    const interest = this.#watched.get(attemptId);
    if (interest) interest.receive(kind, reply);
    else if (kind === ControlKind.JOIN) this.#onStranger(attemptId, reply);
  }
}
