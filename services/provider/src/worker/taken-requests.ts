/**
 * The requests a worker has taken: who waits for each, what they were told, and what stops it. Each leaves in one of two ways: refused,
 * which is no attempt (the router goes on to somebody else), or forgotten because its attempt is over.
 */
import { create, fromBinary } from '@bufbuild/protobuf';
import type { Bus, BusMessage } from '@refrain/bus';
import { type Chat, ChatSchema, type WorkRequest, WorkRequestSchema } from '@refrain/contracts';
import type { RefrainError } from '@refrain/errors';
import type { WorkerMetrics } from '../metrics.ts';
import { toFailure } from './failure.ts';
import type { Interest, Interests } from './interest.ts';
import { sendFrames } from './send-frames.ts';
import { Transcript } from './transcript.ts';

/** A request this worker has taken. */
export interface Taken {
  readonly work: WorkRequest;
  /** Empty where the request has none. */
  readonly chat: Chat;
  readonly transcript: Transcript;
  readonly interest: Interest;
  readonly abort: AbortController;
  /** By `performance.now()`. */
  readonly takenAtMs: number;
  /** Takes it out of the queue; says whether it still waited there. */
  withdraw: () => boolean;
  /** Ends its waiting at its deadline. */
  waiting?: NodeJS.Timeout;
}

/** What they are kept with. */
export interface TakenRequestsParts {
  readonly provider: string;
  readonly bus: Pick<Bus, 'publish'>;
  readonly interests: Interests;
  readonly metrics: Pick<WorkerMetrics, 'refused'>;
}

/** All that one worker has taken and not yet ended. */
export class TakenRequests {
  readonly #parts: TakenRequestsParts;
  readonly #taken: Set<Taken> = new Set();

  constructor(parts: TakenRequestsParts) {
    this.#parts = parts;
  }

  /** Takes a request off a lane: from now on it is known who waits for it. Throws for what is no WorkRequest. */
  take({ data, reply: asker = '' }: Pick<BusMessage, 'data' | 'reply'>): Taken {
    const work = fromBinary(WorkRequestSchema, data);
    const abort = new AbortController();
    const transcript = new Transcript(work.attemptId, sendFrames(this.#parts.bus, abort));
    transcript.join(asker);
    const interest = this.#parts.interests.watch(work.attemptId, asker, {
      onJoin: (listener) => transcript.join(listener),
      onLeave: (listener) => transcript.leave(listener),
      onAbandoned: (reason) => {
        abort.abort(reason);
        if (taken.withdraw()) this.refuse(taken, reason);
      },
      onRenew: () => transcript.say(),
    });
    const chat = work.chat ?? create(ChatSchema);
    const takenAtMs = performance.now();
    const taken: Taken = { work, chat, transcript, interest, abort, takenAtMs, withdraw: () => false };
    this.#taken.add(taken);
    return taken;
  }

  /** Tells whoever waits that no upstream was asked, and why. */
  refuse(taken: Taken, error: RefrainError): void {
    const { metrics, provider } = this.#parts;
    this.forget(taken);
    metrics.refused(provider, error.reason);
    taken.transcript.say({ case: 'failure', value: toFailure(error) });
  }

  /** It is over: nobody is asked any more whether they wait. */
  forget(taken: Taken): void {
    clearTimeout(taken.waiting);
    taken.interest.end();
    this.#taken.delete(taken);
  }

  /** Stops all that is under way. */
  abort(reason: RefrainError): void {
    for (const { abort } of this.#taken) abort.abort(reason);
  }
}
