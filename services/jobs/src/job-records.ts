/** How jobs stand, on JetStream beside the queue they wait in (docs/decisions/0020-jobs.md). */
import { setTimeout as delay } from 'node:timers/promises';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Kept } from '@refrain/bus';
import { type Job, type JobRecord, JobRecordSchema, JobState, jobStateSubject } from '@refrain/contracts';
import { toRefrainError } from '@refrain/errors';
import { fullJitter } from '@refrain/resilience';

/** A record, and which of its changes it is. */
export interface Held {
  readonly record: JobRecord & { job: Job };
  readonly revision: number;
}

const endTries = 6;
/** Below what NATS takes, with room for the rest. */
const maximumBytes = 4 * 1024 * 1024;

/** Reads and changes them; of two who change one at once, one is told. Everything throws `unavailable` where JetStream is not reached. */
export class JobRecords {
  readonly #kept: Kept;

  constructor(kept: Kept) {
    this.#kept = kept;
  }

  /** Undefined for an id that is none, or whose record has gone. */
  async find(id: string): Promise<Held | undefined> {
    if (!isJobId(id)) return undefined;
    const found = await this.#kept.get(jobStateSubject(id));
    return found && toHeld(found);
  }

  /** Keeps it in the place of the revision it was made from, 0 for a new one; undefined where somebody else has changed it. */
  async save(record: JobRecord & { job: Job }, revision: number): Promise<Held | undefined> {
    const saved = await this.#kept.put(jobStateSubject(record.job.id), toBinary(JobRecordSchema, record), revision);
    return saved === undefined ? undefined : { record, revision: saved };
  }

  /**
   * Keeps how a job ended; false where it is another's by now. A moment without JetStream must not cost an answer that is there, so it
   * is tried for some seconds.
   */
  async end(record: JobRecord & { job: Job }, revision: number): Promise<boolean> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        if (await this.save(record, revision)) return true;
        // A try that timed out may have been kept.
        const { job } = (await this.find(record.job.id))?.record ?? {};
        return job?.state === record.job.state && job.finishedAtMs === record.job.finishedAtMs;
      } catch (thrown) {
        if (attempt + 1 >= endTries || toRefrainError(thrown).code !== 'unavailable') throw thrown;
        await delay(fullJitter(attempt, 200, 5000));
      }
    }
  }

  /** As if it had never been. */
  remove(id: string): Promise<void> {
    return this.#kept.remove(jobStateSubject(id));
  }

  /** All that are kept, in no order. */
  async *list(): AsyncGenerator<Job> {
    for await (const value of this.#kept.list(jobStateSubject('*'))) yield toHeld(value).record.job;
  }
}

function toHeld({ data, revision }: { data: Uint8Array; revision: number }): Held {
  const record = fromBinary(JobRecordSchema, data);
  const { job } = record;
  if (!job) throw new TypeError('a record without its job');
  return { record: Object.assign(record, { job }), revision };
}

/** Whether a record can be kept. */
export function fits(record: JobRecord): boolean {
  return toBinary(JobRecordSchema, record).length <= maximumBytes;
}

/** Whether a text is an id as this service makes them. */
export function isJobId(id: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
}

/** Whether nothing will happen to it any more by itself. */
export function isOver({ state }: Job): boolean {
  return state === JobState.DONE || state === JobState.FAILED || state === JobState.DEAD;
}

const names: Readonly<Record<number, string>> = {
  [JobState.QUEUED]: 'queued',
  [JobState.RUNNING]: 'running',
  [JobState.DONE]: 'done',
  [JobState.FAILED]: 'failed',
  [JobState.DEAD]: 'dead',
};

/** For metrics and logs. */
export function stateName(state: JobState): string {
  return names[state] ?? 'unknown';
}
