/** Jobs whose every try failed, with all it takes to try them again, until an operator has looked at them. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Kept } from '@refrain/bus';
import { DeadJobSchema, deadJobSubject, type Job, type QueuedJob } from '@refrain/contracts';
import { isJobId } from './job-records.ts';

/** A dead job. */
export interface DeadLetter {
  readonly job: Job;
  readonly queued: QueuedJob;
  /** Another one for every death of the same job. */
  readonly revision: number;
}

/** The stream `refrain-dead`. Everything throws `unavailable` where JetStream is not reached. */
export class DeadLetters {
  readonly #kept: Kept;

  constructor(kept: Kept) {
    this.#kept = kept;
  }

  /** Lays a job there, once, however often it is said. */
  async add(job: Job, queued: QueuedJob): Promise<void> {
    const subject = deadJobSubject(job.id);
    const data = toBinary(DeadJobSchema, create(DeadJobSchema, { job, queued }));
    const held = await this.#kept.get(subject);
    // Changed in between: by another who says the same.
    await this.#kept.put(subject, data, held?.revision ?? 0);
  }

  /** Undefined where none is. */
  async find(id: string): Promise<DeadLetter | undefined> {
    if (!isJobId(id)) return undefined;
    const found = await this.#kept.get(deadJobSubject(id));
    return found && toLetter(found);
  }

  /** All of them, in no order. */
  async *list(): AsyncGenerator<Job> {
    for await (const value of this.#kept.list(deadJobSubject('*'))) yield toLetter(value).job;
  }

  /** It is tried again. */
  remove(id: string): Promise<void> {
    return this.#kept.remove(deadJobSubject(id));
  }
}

function toLetter({ data, revision }: { data: Uint8Array; revision: number }): DeadLetter {
  const { job, queued } = fromBinary(DeadJobSchema, data);
  if (!job || !queued) throw new TypeError('a dead letter without its job');
  return { job, queued, revision };
}
