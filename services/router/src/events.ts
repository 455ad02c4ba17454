/** Tells on `refrain.v1.events.<tenant>.<kind>` what happened: JSON or protobuf, as the header `content-type` says. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Bus } from '@refrain/bus';
import { type Answer, CompletionEventSchema, encodeEvent, eventSubject, Source } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import type { Question } from './ask.ts';
import type { RouterMetrics } from './metrics.ts';

/** Hears how requests ended. */
export interface Events {
  answered(question: Question, answer: Answer, ms: number): void;
  failed(question: Question, error: RefrainError, ms: number): void;
}

/** What the cache answered, be it past its time. */
const ofCache: ReadonlySet<Source> = new Set([Source.EXACT, Source.SEMANTIC, Source.STALE]);

type Told = Exclude<MessageInitShape<typeof CompletionEventSchema>, { $typeName: string }>;

/** Publishes to NATS. An event that cannot go out is counted and forgotten: it must not hold up an answer. */
export function createEvents(bus: Pick<Bus, 'publish'>, metrics: RouterMetrics): Events {
  const publish = ({ caller, settings }: Question, event: Told & { kind: string }) => {
    const { data, headers } = encodeEvent(CompletionEventSchema, event, settings.mesh.events.encoding);
    try {
      bus.publish(eventSubject(caller.tenant, event.kind), data, { headers, mayWait: true });
    } catch (error) {
      if (!(error instanceof RefrainError)) throw error;
      metrics.eventDropped();
    }
  };
  return {
    answered: (question, { provenance, usage, cost }, ms) => {
      const isHit = provenance !== undefined && ofCache.has(provenance.source);
      const event = {
        ...about(question, ms),
        kind: isHit ? 'cache-hit' : 'completion',
        ...(provenance && { provenance }),
        ...(usage && { usage }),
        ...(cost && { cost }),
      };
      publish(question, event);
    },
    failed: (question, error, ms) => {
      publish(question, { ...about(question, ms), kind: 'failure', errorCode: error.code });
    },
  };
}

function about({ caller, requestId }: Question, ms: number) {
  return {
    requestId,
    tenant: caller.tenant,
    user: caller.user,
    durationMs: Math.round(ms),
    atMs: BigInt(Date.now()),
  };
}
