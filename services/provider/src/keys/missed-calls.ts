import type { Outcome } from './decide.ts';
import type { Lease } from './lease.ts';

/** A call whose lease or settlement Redis has not heard of. */
interface MissedCall {
  readonly lease: Lease;
  /** Absent while it is under way. */
  outcome?: Outcome;
}

/** How Redis is told. Throws when it is away. */
interface CallTeller {
  /** Gives the lease as Redis has it. */
  lease(lease: Lease): Promise<Lease>;
  /** Says how a call ended. */
  end(lease: Lease, outcome: Outcome): Promise<void>;
}

/** More outages than anybody has: the oldest are forgotten. */
const mostMissed = 10_000;

/** What was done while Redis was away, in the order in which it is told afterwards. */
export class MissedCalls {
  /** By attempt. */
  readonly #calls: Map<string, MissedCall> = new Map();

  /** Whether Redis has heard of all. */
  get isNone(): boolean {
    return this.#calls.size === 0;
  }

  /** A call that Redis has not heard all of. */
  of(attemptId: string): MissedCall | undefined {
    return this.#calls.get(attemptId);
  }

  /** Keeps a call, until Redis is told of it. */
  add(lease: Lease): MissedCall {
    const missed = this.#calls.get(lease.attemptId) ?? { lease };
    this.#calls.set(lease.attemptId, missed);
    const [oldest] = this.#calls.keys();
    if (this.#calls.size > mostMissed && oldest !== undefined) this.#calls.delete(oldest);
    return missed;
  }

  /** Tells Redis of all. Throws what the teller throws; what was not told is kept. */
  async tell(teller: CallTeller): Promise<void> {
    for (const [attemptId, missed] of this.#calls) {
      const { lease } = missed;
      const told = lease.local ? await teller.lease(lease) : lease;
      // It may have ended in the meantime.
      const { outcome } = missed;
      this.#calls.delete(attemptId);
      if (outcome) await teller.end(told, outcome);
    }
  }
}
