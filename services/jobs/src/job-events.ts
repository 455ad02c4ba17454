/** What the jobs service tells on subjects of events: JSON or protobuf, as the header `content-type` says. */
import type { Bus, RaiseAlert } from '@refrain/bus';
import { type EventEncoding, encodeEvent, eventSubject, type Job, JobEventSchema } from '@refrain/contracts';

const kind = 'job';

/**
 * Tells the tenant's listeners that a job is over.
 * @throws RefrainError `unavailable` while NATS is away: then the job is not taken off the queue, and it is told when it comes again.
 */
export function tellEnd(bus: Pick<Bus, 'publish'>, job: Job, encoding: EventEncoding): void {
  const { data, headers } = encodeEvent(JobEventSchema, { kind, job, atMs: BigInt(Date.now()) }, encoding);
  bus.publish(eventSubject(job.tenant, kind), data, { headers });
}

/** Gives the function that tells operators of a dead job, each reason once an hour. It never throws: the letter lies there anyway. */
export function createDeadAlarm(raise: RaiseAlert): (job: Job) => void {
  return ({ attempts, errorCode, errorReason, id, waits }) => {
    const cause = errorReason || errorCode;
    const text = `The job ${id} is dead after ${attempts} tries and ${waits} waits: ${cause}. All that lie there: npm run -s refrain -- jobs --dead.`;
    raise(`dead:${cause}`, { kind: 'dead', text });
  };
}
