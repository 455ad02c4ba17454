/**
 * Where requests wait for a place, each in its lane. A router must know at once that its request has arrived, and where to renew its
 * interest: one that cannot start yet is told `queued`. It waits until its deadline at most.
 */
import type { Lane } from '@refrain/contracts';
import { toRefrainError } from '@refrain/errors';
import type { ProviderConfig } from '@refrain/service';
import { deadlinePassed, longestTimerMs, remainingOf } from './deadline.ts';
import { type Job, LaneQueue } from './lane-queue.ts';
import type { Taken, TakenRequests } from './taken-requests.ts';

/** What a waiting room is made of. */
export interface WaitingRoomParts {
  readonly config: Pick<ProviderConfig, 'concurrency' | 'queue'>;
  readonly taken: TakenRequests;
  /** Where the interest in what waits is renewed. */
  readonly controlSubject: string;
  /** What becomes of a request that has a place; as a `Job` of the queue. */
  readonly run: (taken: Taken, entered: () => void) => ReturnType<Job>;
}

/** The requests that wait in front of one provider. */
export class WaitingRoom {
  readonly #parts: WaitingRoomParts;
  readonly #queue: LaneQueue;

  constructor(parts: WaitingRoomParts) {
    this.#parts = parts;
    this.#queue = new LaneQueue(parts.config.concurrency, parts.config.queue);
  }

  /** Whether nothing runs and nothing waits. */
  get isIdle(): boolean {
    return this.#queue.running === 0 && this.#queue.waiting === 0;
  }

  /** Runs a request at once where there is a place, else lets it wait. @throws RefrainError `overloaded` BUSY where too many wait */
  enter(taken: Taken, lane: Lane): void {
    let isWaiting = true;
    const start: Job = (entered) => {
      isWaiting = false;
      return this.#parts.run(taken, entered);
    };
    taken.withdraw = this.#queue.submit(lane, start);
    if (isWaiting) this.#wait(taken);
  }

  /** The provider had no place for a request that had one here: it waits on, unless nobody waits for it or its time is up. */
  waitOn(taken: Taken): 'done' | 'again' {
    const { signal } = taken.abort;
    if (!signal.aborted && remainingOf(taken) > 0) {
      this.#wait(taken);
      return 'again';
    }
    this.#parts.taken.refuse(taken, signal.aborted ? toRefrainError(signal.reason) : deadlinePassed());
    return 'done';
  }

  #wait(taken: Taken): void {
    if (taken.waiting) return;
    taken.transcript.say({ case: 'queued', value: { controlSubject: this.#parts.controlSubject } });
    taken.interest.accepted();
    const late = () => {
      if (taken.withdraw()) this.#parts.taken.refuse(taken, deadlinePassed());
    };
    taken.waiting = setTimeout(late, Math.min(Math.max(0, remainingOf(taken)), longestTimerMs));
  }
}
