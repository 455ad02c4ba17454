/** Takes jobs: what was acknowledged is on JetStream, how it stands and in the queue; what was not is withdrawn. */
import { createHash, randomUUID, randomUUIDv7 } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Bus, Kept } from '@refrain/bus';
import {
  type Chat,
  ChatSchema,
  type Job,
  JobKeySchema,
  JobRecordSchema,
  JobSchema,
  JobState,
  jobKeySubject,
  jobsSubject,
  OptionsSchema,
  type QueuedJob,
  QueuedJobSchema,
  type SubmitRequest,
} from '@refrain/contracts';
import { RefrainError, toRefrainError } from '@refrain/errors';
import { validateChat } from '@refrain/judgement';
import type { Caller, Logger } from '@refrain/service';
import type { JobRecords } from './job-records.ts';
import type { JobsMetrics } from './metrics.ts';

/** What it stands on. */
export interface IntakeParts {
  readonly bus: Pick<Bus, 'publishDurable'>;
  readonly kept: Pick<Kept, 'get' | 'put'>;
  readonly records: JobRecords;
  readonly metrics: Pick<JobsMetrics, 'submitted'>;
  readonly log: Pick<Logger, 'warn'>;
}

/** Below the time for which records are kept: a job that waits that long is still known when it is too late. */
export const longestSeconds = 12 * 3600;

/** The near end of the queue. */
export class Intake {
  readonly #parts: IntakeParts;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /**
   * Gives the job when it would survive a restart of everything.
   * @throws RefrainError `invalid` for a question that is none, `unavailable` where JetStream does not take it: then there is no job
   */
  async submit(caller: Caller, request: SubmitRequest): Promise<Job> {
    const { metrics } = this.#parts;
    try {
      const queued = toQueued(caller, request);
      const key = request.idempotencyKey;
      const isFirst = key === '' ? true : await this.#claimKey(queued, key);
      const held = isFirst ? undefined : await this.#parts.records.find(queued.id);
      const job = held?.record.job ?? (await this.#record(queued));
      // Whoever repeats may have been told that it failed: then it may have no message yet. Of two, the second finds it done.
      if (job.state === JobState.QUEUED && job.attempts === 0) await this.#queue(queued, key !== '');
      metrics.submitted(isFirst ? 'queued' : 'repeated');
      return job;
    } catch (thrown) {
      metrics.submitted(toRefrainError(thrown).reason.toLowerCase());
      throw thrown;
    }
  }

  /** Puts a job that is known on the queue; `id` tells JetStream a repeat from another. */
  async queue(queued: QueuedJob, id: string): Promise<void> {
    await this.#parts.bus.publishDurable(jobsSubject, toBinary(QueuedJobSchema, queued), { id });
  }

  /** Whether nobody has used the key; where somebody has, the job gets the id it stands for. */
  async #claimKey(queued: QueuedJob, key: string): Promise<boolean> {
    const { kept } = this.#parts;
    const { tenant, user } = queued;
    const subject = jobKeySubject(
      sha256(JSON.stringify([tenant, user, key]))
        .toString('hex')
        .slice(0, 32),
    );
    const digest = digestOf(queued);
    if (
      (await kept.put(subject, toBinary(JobKeySchema, create(JobKeySchema, { id: queued.id, digest })), 0)) !==
      undefined
    )
      return true;
    const held = await kept.get(subject);
    // It has gone in this very moment.
    if (!held) return this.#claimKey(queued, key);
    const known = fromBinary(JobKeySchema, held.data);
    if (!digest.equals(known.digest)) {
      const description = 'stands for another question';
      throw invalid([{ field: 'idempotency_key', description }], 'IDEMPOTENCY_KEY_REUSED');
    }
    queued.id = known.id;
    return false;
  }

  async #record(queued: QueuedJob): Promise<Job> {
    const { id, tenant, user, createdAtMs, expiresAtMs } = queued;
    const job = create(JobSchema, { id, tenant, user, state: JobState.QUEUED, createdAtMs, expiresAtMs });
    const record = Object.assign(create(JobRecordSchema), { job });
    if (await this.#parts.records.save(record, 0)) return job;
    // Another with the same key was faster.
    const held = await this.#parts.records.find(id);
    return held?.record.job ?? job;
  }

  async #queue(queued: QueuedJob, isKeyed: boolean): Promise<void> {
    try {
      await this.queue(queued, randomUUID());
    } catch (thrown) {
      // Under a key another call may have queued it; there the repeat mends it.
      if (!isKeyed) await this.#withdraw(queued.id);
      throw thrown;
    }
  }

  /** A message that got through after all finds no record, and is dropped. Where this fails too, the job is a whole one nobody waits for. */
  async #withdraw(id: string): Promise<void> {
    try {
      await this.#parts.records.remove(id);
    } catch (err) {
      this.#parts.log.warn({ err, job: id }, 'a job that could not be queued could not be withdrawn');
    }
  }
}

function toQueued({ tenant, user, tier }: Caller, request: SubmitRequest): QueuedJob {
  const { expiresInSeconds = longestSeconds, idempotencyKey, options = create(OptionsSchema) } = request;
  const chat: Chat = validateChat(request.chat);
  const faults = [
    ...(expiresInSeconds >= 1 && expiresInSeconds <= longestSeconds
      ? []
      : [{ field: 'expires_in_seconds', description: `must be from 1 to ${longestSeconds}` }]),
    ...(/^[\x20-\x7e]{0,128}$/.test(idempotencyKey)
      ? []
      : [{ field: 'idempotency_key', description: 'must be at most 128 printable ASCII characters' }]),
  ];
  if (faults.length > 0) throw invalid(faults);
  const now = Date.now();
  return create(QueuedJobSchema, {
    id: randomUUIDv7(),
    ...{ tenant, user, tier, chat, options },
    createdAtMs: BigInt(now),
    expiresAtMs: BigInt(now + expiresInSeconds * 1000),
  });
}

function digestOf({ chat, options }: QueuedJob): Buffer {
  const [asked, how] = [chat ?? create(ChatSchema), options ?? create(OptionsSchema)];
  return sha256(Buffer.concat([sha256(toBinary(ChatSchema, asked)), sha256(toBinary(OptionsSchema, how))]));
}

function sha256(data: string | Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

function invalid(fields: { field: string; description: string }[], reason = 'INVALID'): RefrainError {
  const [first] = fields;
  return new RefrainError('invalid', `${first?.field} ${first?.description}.`, { fields, reason });
}
