/** Tells on `refrain.v1.events.<tenant>.<kind>` what happened: JSON or protobuf, as the header `content-type` says. */
import { create, toBinary, toJsonString } from '@bufbuild/protobuf';
import type { Bus } from '@refrain/bus';
import { type Answer, type CompletionEvent, CompletionEventSchema, eventSubject, Source } from '@refrain/contracts';
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

const headers = {
  json: { 'content-type': 'application/json' },
  protobuf: { 'content-type': 'application/protobuf' },
} as const;

/** Publishes to NATS. An event that cannot go out is counted and forgotten: it must not hold up an answer. */
export function createEvents(bus: Pick<Bus, 'publish'>, metrics: RouterMetrics): Events {
  const publish = (event: CompletionEvent, encoding: 'json' | 'protobuf') => {
    const bytes =
      encoding === 'json'
        ? Buffer.from(toJsonString(CompletionEventSchema, event))
        : toBinary(CompletionEventSchema, event);
    try {
      bus.publish(eventSubject(event.tenant, event.kind), bytes, { headers: headers[encoding], mayWait: true });
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
      publish(create(CompletionEventSchema, event), question.settings.mesh.events.encoding);
    },
    failed: (question, error, ms) => {
      const event = { ...about(question, ms), kind: 'failure', errorCode: error.code };
      publish(create(CompletionEventSchema, event), question.settings.mesh.events.encoding);
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
