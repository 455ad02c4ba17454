import { create, toBinary, toJsonString } from '@bufbuild/protobuf';
import type { Bus } from '@refrain/bus';
import { eventSubject, type Job, JobEventSchema } from '@refrain/contracts';
import type { MeshConfig } from '@refrain/service';

const kind = 'job';

/**
 * Tells the tenant's listeners that a job is over: JSON or protobuf, as the header `content-type` says.
 * @throws RefrainError `unavailable` while NATS is away: then the job is not taken off the queue, and it is told when it comes again.
 */
export function tellEnd(bus: Pick<Bus, 'publish'>, job: Job, encoding: MeshConfig['events']['encoding']): void {
  const event = create(JobEventSchema, { kind, job, atMs: BigInt(Date.now()) });
  const data = encoding === 'json' ? Buffer.from(toJsonString(JobEventSchema, event)) : toBinary(JobEventSchema, event);
  bus.publish(eventSubject(job.tenant, kind), data, { headers: { 'content-type': `application/${encoding}` } });
}
