/**
 * Works on what waits in the queue. A job's record says who has it and how often it was tried, so that a message that comes twice is
 * answered once, a worker that was killed costs a try and no answer, and what kills its workers is dead after as many tries as any other.
 * A try that reached nobody who might answer is taken back: an outage ends no job, its time does.
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
import { RefrainError, toRefrainError } from '@refrain/errors';
import type { Logger, MeshConfig } from '@refrain/service';
import { type AskingParts, ask } from './asking.ts';
import type { DeadLetters } from './dead-letters.ts';
import { longestSeconds } from './intake.ts';
import { tellEnd } from './job-events.ts';
import { fits, type Held, isOver, stateName } from './job-records.ts';
import type { JobsMetrics } from './metrics.ts';
import { type Behind, type Patience, pauseMs, verdictOf } from './what-follows.ts';

/** What it stands on. */
export interface WorkerParts extends AskingParts, Patience {
  readonly bus: Pick<Bus, 'publish'>;
  readonly dead: DeadLetters;
  /** Tells operators of a job that died. */
  readonly onDead: (job: Job) => void;
  readonly metrics: Pick<JobsMetrics, 'tried' | 'waited' | 'ended' | 'withdrawn'>;
  readonly encoding: () => MeshConfig['events']['encoding'];
  readonly log: Pick<Logger, 'warn' | 'error'>;
}

/** Tries of one job; then an operator looks at it. */
export const maximumTries = 3;
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
    if (job.expiresAtMs <= now) return this.#end(queued, held, expired(queued));
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
    if (!(result instanceof RefrainError)) {
      metrics.tried('ok');
      return this.#answered(queued, held, result);
    }
    const { attempts, waits } = held.record.job;
    if (result.code === 'canceled' && this.#stopping.signal.aborted) {
      await this.#parts.records.save(changed(held, { state: JobState.QUEUED, attempts: attempts - 1 }), held.revision);
      return { retryMs: 1 };
    }
    this.#report(result, queued);
    const verdict = verdictOf(result);
    if (verdict === 'wait') {
      metrics.waited(result.reason.toLowerCase());
      return this.#again(held, result, { attempts: attempts - 1, waits: waits + 1 });
    }
    metrics.tried(result.code);
    if (verdict === 'end') return this.#end(queued, held, { state: JobState.FAILED, error: result });
    if (attempts >= maximumTries) return this.#end(queued, held, { state: JobState.DEAD, error: result });
    return this.#again(held, result, { attempts, waits });
  }

  #answered(queued: QueuedJob, held: Held, answer: Answer): Promise<Handled> {
    const end = { state: JobState.DONE, answer };
    if (fits(ended(held, end, 0n))) return this.#end(queued, held, end);
    const error = new RefrainError('unsupported', 'The answer is too large to be kept.', {
      reason: 'ANSWER_TOO_LARGE',
    });
    return this.#end(queued, held, { state: JobState.FAILED, error });
  }

  /** It is taken up again later, and no later than its time is over: then it ends, and its submitter hears so. */
  async #again(held: Held, error: RefrainError, behind: Behind): Promise<Handled> {
    const { job } = held.record;
    const change = { ...behind, state: JobState.QUEUED, errorCode: error.code, errorReason: error.reason };
    await this.#parts.records.save(changed(held, change), held.revision);
    const verdict = behind.attempts < job.attempts ? 'wait' : 'retry';
    const leftMs = Number(job.expiresAtMs) - Date.now();
    return { retryMs: Math.max(1, Math.min(leftMs, pauseMs(verdict, behind, error, this.#parts))) };
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
        {
          ...{ job: job.id, state: stateName(job.state), code: end.error.code, reason: end.error.reason },
          // Of an expired one: what it had waited for.
          ...{ attempts: job.attempts, waits: job.waits, before: held.record.job.errorReason },
        },
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
    return this.#end(queued, held, expired(queued));
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

/** Whoever gave it less time than the mesh has does not want it later; of another that nobody could answer operators should know. */
function expired({ createdAtMs, expiresAtMs }: QueuedJob): End {
  const isLongest = expiresAtMs - createdAtMs >= BigInt(longestSeconds * 1000);
  const error = new RefrainError('deadline', 'Its time was over before it was answered.', { reason: 'EXPIRED' });
  return { state: isLongest ? JobState.DEAD : JobState.FAILED, error };
}

function abandoned(): RefrainError {
  return new RefrainError('internal', 'Whoever worked on it vanished.', { reason: 'ABANDONED' });
}
