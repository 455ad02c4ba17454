import { create } from '@bufbuild/protobuf';
import { type Job, JobRecordSchema, JobSchema, JobState } from '@refrain/contracts';
import type { DeadLetters } from './dead-letters.ts';
import { type Intake, longestSeconds } from './intake.ts';
import type { JobRecords } from './job-records.ts';

/**
 * Has a dead job tried again from the start, with new time; undefined where no such letter lies. The letter goes last: what is cut
 * short can be asked for again.
 * @throws RefrainError `unavailable` where JetStream is not reached
 */
export async function retryDead(
  id: string,
  { dead, intake, records }: { dead: DeadLetters; intake: Intake; records: JobRecords },
): Promise<Job | undefined> {
  const letter = await dead.find(id);
  if (!letter) return undefined;
  const { queued, revision } = letter;
  const { tenant, user, createdAtMs } = queued;
  const expiresAtMs = BigInt(Date.now() + longestSeconds * 1000);
  const job = create(JobSchema, { id, tenant, user, createdAtMs, expiresAtMs, state: JobState.QUEUED });
  const held = await records.find(id);
  const isDead = !held || held.record.job.state === JobState.DEAD;
  if (isDead) await records.save(Object.assign(create(JobRecordSchema), { job }), held?.revision ?? 0);
  await intake.queue({ ...queued, expiresAtMs }, `${id}-${revision}`);
  await dead.remove(id);
  return isDead ? job : held.record.job;
}
