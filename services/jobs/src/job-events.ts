/** What the jobs service tells on subjects of events: JSON or protobuf, as the header `content-type` says. */
import { create, type DescMessage, type MessageShape, toBinary, toJsonString } from '@bufbuild/protobuf';
import type { Bus } from '@refrain/bus';
import { AlertEventSchema, eventSubject, type Job, JobEventSchema, meshTenant } from '@refrain/contracts';
import { toRefrainError } from '@refrain/errors';
import type { Logger, MeshConfig } from '@refrain/service';

type Publisher = Pick<Bus, 'publish'>;
type Encoding = MeshConfig['events']['encoding'];

const kind = 'job';
const hourMs = 3_600_000;

/**
 * Tells the tenant's listeners that a job is over.
 * @throws RefrainError `unavailable` while NATS is away: then the job is not taken off the queue, and it is told when it comes again.
 */
export function tellEnd(bus: Publisher, job: Job, encoding: Encoding): void {
  const event = create(JobEventSchema, { kind, job, atMs: BigInt(Date.now()) });
  publish(bus, eventSubject(job.tenant, kind), JobEventSchema, event, encoding);
}

/** What the alarm stands on. */
export interface DeadAlarmParts {
  readonly bus: Publisher;
  readonly encoding: () => Encoding;
  readonly log: Pick<Logger, 'warn'>;
  readonly now?: () => number;
}

/** Gives the function that tells operators of a dead job, each reason once an hour. It never throws: the letter lies there anyway. */
export function createDeadAlarm({ bus, encoding, log, now = Date.now }: DeadAlarmParts): (job: Job) => void {
  const raised = new Map<string, number>();
  return ({ attempts, errorCode, errorReason, id }) => {
    const cause = errorReason || errorCode;
    const nowMs = now();
    if (nowMs - (raised.get(cause) ?? Number.NEGATIVE_INFINITY) < hourMs) return;
    const text = `The job ${id} is dead after ${attempts} tries: ${cause}. All that lie there: refrain jobs --dead.`;
    const event = create(AlertEventSchema, { kind: 'dead', text, atMs: BigInt(nowMs) });
    try {
      publish(bus, eventSubject(meshTenant, 'alert'), AlertEventSchema, event, encoding());
      raised.set(cause, nowMs);
    } catch (err) {
      // NATS is away: the next that dies tells it.
      log.warn({ err: toRefrainError(err), job: id }, 'an alert could not be published');
    }
  };
}

function publish<Schema extends DescMessage>(
  bus: Publisher,
  subject: string,
  schema: Schema,
  event: MessageShape<Schema>,
  encoding: Encoding,
): void {
  const data = encoding === 'json' ? Buffer.from(toJsonString(schema, event)) : toBinary(schema, event);
  bus.publish(subject, data, { headers: { 'content-type': `application/${encoding}` } });
}
