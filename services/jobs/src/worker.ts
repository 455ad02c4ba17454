/**
 * Works on what waits in the queue. A job's record says who has it and how often it was tried, so that a message that comes twice is
 * answered once, a worker that was killed costs a try and no answer, and what kills its workers is dead after as many tries as any other.
 */
import { clone, create, fromBinary } from '@bufbuild/protobuf';
import type { Bus, QueueHandler } from '@refrain/bus';
import {
  type Answer,
  type Job,
  type JobRecord,
  JobRecordSchema,
  JobSchema,
  JobState,
  type QueuedJob,
  QueuedJobSchema,
} from '@refrain/contracts';
import { errorCodes, RefrainError, toRefrainError } from '@refrain/errors';
import { fullJitter } from '@refrain/resilience';
import type { Logger, MeshConfig } from '@refrain/service';
import { type AskingParts, ask } from './asking.ts';
import type { DeadLetters } from './dead-letters.ts';
import { tellEnd } from './job-events.ts';
import { fits, type Held, isOver, stateName } from './job-records.ts';
import type { JobsMetrics } from './metrics.ts';

/** What it stands on. */
export interface WorkerParts extends AskingParts {
  readonly bus: Pick<Bus, 'publish'>;
  readonly dead: DeadLetters;
  /** Tells operators of a job that died. */
  readonly onDead: (job: Job) => void;
  readonly metrics: Pick<JobsMetrics, 'tried' | 'ended' | 'withdrawn'>;
  readonly encoding: () => MeshConfig['events']['encoding'];
  readonly log: Pick<Logger, 'warn' | 'error'>;
  readonly retryBaseMs: number;
}

/** Tries of one job; then an operator looks at it. */
export const maximumTries = 3;
const longestRetryMs = 10 * 60_000;
/** Where the store could not be asked, or somebody else was faster. */
const soonMs = 1000;

type End = { readonly state: JobState; readonly answer?: Answer; readonly error?: RefrainError };
type Handled = Awaited<ReturnType<QueueHandler>>;

/** Handles one message after the other; several may run at once. */
export class Worker {
  readonly #parts: WorkerParts;
  readonly #stopping = new AbortController();

  constructor(parts: WorkerParts) {
    this.#parts = parts;
  }

  /** Gives back what is under way; it costs the jobs no try. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Says what is to happen to the message. */
  async handle(data: Uint8Array): Promise<Handled> {
    const { log } = this.#parts;
    let queued: QueuedJob;
    try {
      queued = fromBinary(QueuedJobSchema, data);
    } catch (err) {
      // Nothing that was ever acknowledged: somebody else wrote to the queue.
      log.error({ err, bytes: data.length }, 'a message of the queue is no job');
      return 'done';
    }
    try {
      return await this.#take(queued);
    } catch (thrown) {
      const { code } = toRefrainError(thrown);
      if (code !== 'unavailable') log.error({ err: thrown, job: queued.id }, 'a job could not be handled');
      return { retryMs: soonMs };
    }
  }

  async #take(queued: QueuedJob): Promise<Handled> {
    const { leaseMs, records } = this.#parts;
    const held = await records.find(queued.id);
    const now = Date.now();
    if (!held) return this.#unknown(queued, now);
    const { job, leaseUntilMs } = held.record;
    if (isOver(job)) return this.#tell(job);
    if (job.state === JobState.RUNNING && leaseUntilMs > now) return { retryMs: Number(leaseUntilMs) - now };
    if (job.attempts >= maximumTries) return this.#end(queued, held, { state: JobState.DEAD, error: abandoned() });
    if (job.expiresAtMs <= now) return this.#end(queued, held, { state: JobState.FAILED, error: expired() });
    const begun = {
      state: JobState.RUNNING,
      attempts: job.attempts + 1,
      startedAtMs: BigInt(now),
    };
    const claimed = await records.save(changed(held, begun, BigInt(now + leaseMs)), held.revision);
    return claimed ? this.#try(queued, claimed) : { retryMs: soonMs };
  }

  async #try(queued: QueuedJob, claimed: Held): Promise<Handled> {
    const { metrics } = this.#parts;
    const { held, result } = await ask(queued, claimed, this.#parts, this.#stopping.signal);
    if (!held) return { retryMs: soonMs };
    const isError = result instanceof RefrainError;
    metrics.tried(isError ? result.code : 'ok');
    if (!isError) return this.#answered(queued, held, result);
    const { attempts } = held.record.job;
    if (result.code === 'canceled' && this.#stopping.signal.aborted) {
      await this.#parts.records.save(changed(held, { state: JobState.QUEUED, attempts: attempts - 1 }), held.revision);
      return { retryMs: 1 };
    }
    this.#report(result, queued);
    if (errorCodes[result.code].job === 'end')
      return this.#end(queued, held, { state: JobState.FAILED, error: result });
    if (attempts >= maximumTries) return this.#end(queued, held, { state: JobState.DEAD, error: result });
    return this.#again(held, result);
  }

  #answered(queued: QueuedJob, held: Held, answer: Answer): Promise<Handled> {
    const end = { state: JobState.DONE, answer };
    if (fits(ended(held, end, 0n))) return this.#end(queued, held, end);
    const error = new RefrainError('unsupported', 'The answer is too large to be kept.', {
      reason: 'ANSWER_TOO_LARGE',
    });
    return this.#end(queued, held, { state: JobState.FAILED, error });
  }

  async #again(held: Held, error: RefrainError): Promise<Handled> {
    const { records, retryBaseMs } = this.#parts;
    const waits = { state: JobState.QUEUED, errorCode: error.code, errorReason: error.reason };
    await records.save(changed(held, waits), held.revision);
    const backoff = fullJitter(held.record.job.attempts - 1, retryBaseMs, longestRetryMs);
    return { retryMs: Math.ceil(Math.max(1, backoff, error.retryAfterMs ?? 0)) };
  }

  /** The letter first: a job is never dead without one. The message goes last, so that what was cut short is done again. */
  async #end(queued: QueuedJob, held: Held, end: End): Promise<Handled> {
    const { dead, log, metrics, onDead, records } = this.#parts;
    const now = Date.now();
    const record = ended(held, end, BigInt(now));
    const { job } = record;
    if (end.state === JobState.DEAD) await dead.add(job, queued);
    if (!(await records.end(record, held.revision))) return { retryMs: soonMs };
    if (end.state === JobState.DEAD) onDead(job);
    metrics.ended(stateName(job.state), (now - Number(job.createdAtMs)) / 1000);
    if (end.error)
      log.warn(
        { job: job.id, state: stateName(job.state), code: end.error.code, reason: end.error.reason },
        'job failed',
      );
    return this.#tell(job);
  }

  #tell(job: Job): Handled {
    tellEnd(this.#parts.bus, job, this.#parts.encoding());
    return 'done';
  }

  /** Its record is gone: it waited longer than records are kept, or its submission failed and was withdrawn. */
  async #unknown(queued: QueuedJob, now: number): Promise<Handled> {
    if (queued.expiresAtMs > now) {
      this.#parts.metrics.withdrawn();
      return 'done';
    }
    const { id, tenant, user, createdAtMs, expiresAtMs } = queued;
    const job = create(JobSchema, { id, tenant, user, createdAtMs, expiresAtMs });
    const held = { record: Object.assign(create(JobRecordSchema), { job }), revision: 0 };
    return this.#end(queued, held, { state: JobState.FAILED, error: expired() });
  }

  /** Faults of ours, not of a bad hour. */
  #report(error: RefrainError, { id }: QueuedJob): void {
    if (error.code === 'internal' || error.code === 'upstream_denied')
      this.#parts.log.error({ err: error, job: id }, 'a job met a fault that an operator must mend');
  }
}

type Record = JobRecord & { job: Job };

function changed(held: Held, change: Partial<Omit<Job, '$typeName' | '$unknown'>>, leaseUntilMs = 0n): Record {
  const job = Object.assign(clone(JobSchema, held.record.job), change);
  return { ...held.record, job, leaseUntilMs };
}

function ended(held: Held, { state, answer, error }: End, finishedAtMs: bigint): Record {
  const cost = answer?.cost;
  const record = changed(held, {
    ...{ state, finishedAtMs },
    errorCode: error?.code ?? '',
    errorReason: error?.reason ?? '',
    ...(cost && { cost }),
  });
  return answer ? { ...record, answer } : record;
}

function expired(): RefrainError {
  return new RefrainError('deadline', 'Its time was over before it was answered.', { reason: 'EXPIRED' });
}

function abandoned(): RefrainError {
  return new RefrainError('internal', 'Whoever worked on it vanished.', { reason: 'ABANDONED' });
}
