/**
 * Asks afresh what was answered by meaning, one after the other, in the low lane and with the cache off, and tells the cache what came of
 * it. The mesh pays, not the caller. Nobody waits: where the providers are busy it comes again later, three times at most.
 */
import { create, fromBinary } from '@bufbuild/protobuf';
import type { Bus, Subscription } from '@refrain/bus';
import { type Answer, CacheMode, OptionsSchema, type Review, ReviewSchema, reviewStream } from '@refrain/contracts';
import { errorCodes, RefrainError, toRefrainError } from '@refrain/errors';
import { callerKeySchema } from '@refrain/service';
import type { Question } from '../ask.ts';
import type { RouterMetrics } from '../metrics.ts';
import type { Settings } from '../settings.ts';
import { classify } from '../steps/classify.ts';
import type { FlightEvent } from '../steps/coalesce.ts';
import type { Evidence } from './evidence.ts';

/** What it stands on. */
export interface ReviewerParts {
  readonly bus: Pick<Bus, 'takeWork'>;
  readonly settings: () => Settings;
  readonly evidence: Pick<Evidence, 'tell'>;
  readonly metrics: Pick<RouterMetrics, 'learned'>;
  /** Asks the providers, not the cache, and keeps nothing. */
  readonly askAnew: (question: Question, signal: AbortSignal) => AsyncIterable<FlightEvent>;
  /** How often it is looked whether reviews are wanted. */
  readonly lookEveryMs?: number;
}

const retryMs = 30_000;
const tries = 3;
/** Longer than any answer may take. */
const ackWaitMs = 600_000;

/** Starts when `reviewShare` is above 0, now or after a reload, and ends with `stop`. */
export function startReviewer(parts: ReviewerParts): { stop(): Promise<void> } {
  const { bus, lookEveryMs = 2000, settings } = parts;
  const stopping = new AbortController();
  let taking: Subscription | undefined;
  const look = () => {
    if (taking || settings().mesh.cache.semantic.reviewShare === 0) return;
    taking = bus.takeWork(reviewStream, { name: 'reviewers', ackWaitMs, tries }, (data) =>
      review(data, parts, stopping.signal),
    );
  };
  look();
  const timer = setInterval(look, lookEveryMs).unref();
  return {
    stop: async () => {
      clearInterval(timer);
      stopping.abort(new RefrainError('canceled', 'The router stops.'));
      await taking?.drain();
    },
  };
}

async function review(
  data: Uint8Array,
  parts: ReviewerParts,
  signal: AbortSignal,
): Promise<'done' | { retryMs: number }> {
  const { evidence, metrics } = parts;
  try {
    const asked = fromBinary(ReviewSchema, data);
    const fresh = await wholeOf(parts.askAnew(toQuestion(asked, parts.settings(), signal), signal));
    const { tenant, entryId, confidence } = asked;
    metrics.learned('review', 'asked', fresh);
    evidence.tell({ tenant, entryId, confidence, served: true }, fresh);
    return 'done';
  } catch (thrown) {
    const { code } = toRefrainError(thrown);
    metrics.learned('review', code);
    // A router that stops gives it back for another.
    if (code === 'canceled') return { retryMs: 1 };
    return errorCodes[code].tryNext ? { retryMs } : 'done';
  }
}

async function wholeOf(events: AsyncIterable<FlightEvent>): Promise<Answer> {
  for await (const event of events) if (event.kind === 'completed') return event.answer;
  throw new TypeError('an answer ended without its end');
}

/** The same question, asked by the mesh itself. Its tier still chooses the route: another model's answer would prove nothing. */
function toQuestion({ chat, tier }: Review, settings: Settings, signal: AbortSignal): Question {
  const { tenant } = settings.mesh.local;
  const caller = { tenant, user: 'review', tier: callerKeySchema.shape.tier.parse(tier) };
  const options = create(OptionsSchema, { cache: CacheMode.OFF });
  const question = classify({ chat, options, credentials: {}, signal, face: 'nats' }, caller, settings);
  return { ...question, lane: 'low' };
}
