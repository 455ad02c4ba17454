/** The path of a request, step by step. */
import {
  type Answer,
  CacheMode,
  type CacheService,
  type ExplainResponse,
  type FeedbackRequest,
  type FeedbackResponse,
  type GetResponse,
  Verdict,
} from '@refrain/contracts';
import { RefrainError, toRefrainError } from '@refrain/errors';
import type { Plan } from '@refrain/judgement';
import { Deadline, type RateLimiter, turnIsOver } from '@refrain/resilience';
import type { GrpcClient } from '@refrain/rpc';
import type { Ask, FaceName, Question } from './ask.ts';
import type { AttemptBus } from './attempt/attempt.ts';
import type { PaymentParts } from './budgets/payments.ts';
import type { Caller, Credentials } from './caller.ts';
import { explain } from './explain.ts';
import { feedback } from './feedback.ts';
import type { FlightRecords, Lease } from './flights/flight-records.ts';
import type { ProviderHealth } from './health/provider-health.ts';
import type { JobQueue } from './job-queue.ts';
import type { Evidence } from './learning/evidence.ts';
import type { ReviewQueue } from './learning/review-queue.ts';
import type { RouterMetrics } from './metrics.ts';
import { listModels, type ModelName } from './models.ts';
import { mayRead } from './options.ts';
import { recorded } from './recorded.ts';
import { type Reply, wholeReply } from './reply.ts';
import { Revalidation } from './revalidation.ts';
import type { Settings } from './settings.ts';
import { authenticate } from './steps/authenticate.ts';
import { classify, withMeaning } from './steps/classify.ts';
import { type FlightEvent, type Flights, whole } from './steps/coalesce.ts';
import { dispatch } from './steps/dispatch.ts';
import { fallback } from './steps/fallback.ts';
import { limit } from './steps/limit.ts';
import type { Lookup } from './steps/lookup.ts';
import type { Recorder } from './steps/record.ts';
import { route } from './steps/route.ts';
import { acrossRouters } from './steps/share.ts';

/** What the router does for its faces. Everything throws RefrainError. */
export interface Pipeline {
  /** Who asks, for a face that wants to know before it reads on. */
  authenticate(credentials: Credentials): Caller;
  /** The same of one who is about to ask, and whether it may; a question that comes with it is not counted again. */
  admit(credentials: Credentials): Caller;
  /** Answers; resolves as soon as it is known who does. */
  ask(ask: Ask): Promise<Reply>;
  /** A face could make no question of what came: it is counted like all that is not let in. */
  refused(face: FaceName, error: RefrainError): void;
  /** Says what would happen, asking nobody but the cache. */
  explain(ask: Ask): Promise<ExplainResponse>;
  /** Takes a caller's judgement of an answer. */
  feedback(credentials: Credentials, request: FeedbackRequest): Promise<FeedbackResponse>;
  /** How a job of the caller's tenant stands. */
  job(credentials: Credentials, id: string): Promise<GetResponse>;
  /** The names a request may give as its model. */
  models(credentials: Credentials): ModelName[];
  /** Asks the providers alone: for a review, which no local model's stand-in would serve. Nothing of it is kept. */
  review(question: Question, signal: AbortSignal): AsyncIterable<FlightEvent>;
  /** Waits a moment for what is asked in the background, then calls it off. */
  drain(): Promise<void>;
}

/** What the pipeline runs on. */
export interface PipelineParts {
  readonly settings: () => Settings;
  readonly limiter: RateLimiter;
  readonly lookup: Lookup;
  readonly flights: Flights;
  readonly records: Pick<FlightRecords, 'claim' | 'read' | 'revoke'>;
  readonly bus: AttemptBus;
  readonly health: ProviderHealth;
  /** Absent where nothing is paid. */
  readonly payments?: PaymentParts | undefined;
  readonly cache: Pick<GrpcClient<typeof CacheService>, 'lookup' | 'learn'>;
  readonly recorder: Recorder;
  readonly evidence: Pick<Evidence, 'tell'>;
  readonly reviews: Pick<ReviewQueue, 'sample'>;
  readonly jobs: JobQueue;
  readonly metrics: Pick<RouterMetrics, 'revalidated'>;
}

/** Builds it. */
export function createPipeline(parts: PipelineParts): Pipeline {
  const {
    bus,
    cache,
    evidence,
    flights,
    health,
    jobs,
    limiter,
    lookup,
    metrics,
    payments,
    recorder,
    records,
    reviews,
  } = parts;

  /** Steps 1 to 3. */
  const judge = (ask: Ask): Question => {
    const settings = parts.settings();
    if (ask.admitted) return classify(ask, ask.admitted, settings);
    const caller = authenticate(ask.credentials, settings);
    const isDeferred = ask.credentials.vouched?.deferred ?? false;
    // What was queued was counted when it was asked, and nobody waits for it.
    if (isDeferred) return { ...classify(ask, caller, settings), lane: 'low' };
    limit(caller, settings, limiter);
    return classify(ask, caller, settings);
  };

  const judgeOrRefuse = (ask: Ask): Question => {
    try {
      return judge(ask);
    } catch (thrown) {
      recorder.refused(ask.face, toRefrainError(thrown));
      throw thrown;
    }
  };

  const remember = (question: Question, answer: Answer) => {
    if (recorder.remember(question, answer)) flights.keep(question, answer);
  };

  const shared = { records, bus, lookup, remember };

  /** Steps 4 to 8. */
  const answer = async (question: Question): Promise<Reply> => {
    // The prompt is judged while the cache looks: it takes as long, and either way the class is told.
    const judged = turnIsOver().then(() => question.classification);
    const [held] = await Promise.all([lookup.exact(question), judged]);
    if (held?.answer) {
      if (held.revalidate) revalidation.start(question);
      // An alias is a semantic hit too, and the more it is asked for the more it matters.
      reviews.sample(question, held.answer);
      return wholeReply(held.answer);
    }
    const bypassed = !question.able.exact || !mayRead(question.cacheMode);
    try {
      return { ...(await flights.join(question, (signal) => lead(question, signal))), bypassed };
    } catch (thrown) {
      const lesser = await fallback(question, toRefrainError(thrown), lookup, jobs);
      if (lesser) return { ...wholeReply(lesser), bypassed };
      throw thrown;
    }
  };

  const planFor = (question: Question) => route(question, (provider, model) => health.p50Ms(provider, model));

  /** What only the leader of a flight does; it has the mesh's whole time, for others may listen longer than the first. */
  async function* lead(asked: Question, signal: AbortSignal): AsyncGenerator<FlightEvent> {
    const question = { ...asked, deadline: new Deadline(asked.settings.mesh.limits.deadlineMs) };
    yield* acrossRouters(question, signal, shared, (lease) => askAnew(question, signal, lease));
  }

  /** What only one router of the mesh does. */
  async function* askAnew(asked: Question, signal: AbortSignal, lease?: Lease): AsyncGenerator<FlightEvent> {
    const held = await lookup.byMeaning(asked);
    if (held?.answer) {
      if (held.revalidate) revalidation.start(asked);
      reviews.sample(asked, held.answer);
      return yield* whole(held.answer);
    }
    const question = withMeaning(asked, held?.vector);
    if (question.cacheMode === CacheMode.ONLY_IF_CACHED) throw notCached();
    for await (const event of askProviders(planFor(question), question, signal, lease)) {
      if (event.kind === 'completed' && held?.shadow) {
        const { tenant } = question.caller;
        evidence.tell({ ...held.shadow, tenant, served: false }, event.answer);
      }
      yield event;
    }
  }

  async function* askProviders(
    plan: Plan,
    question: Question,
    signal: AbortSignal,
    lease?: Lease,
  ): AsyncGenerator<FlightEvent> {
    for await (const event of dispatch(plan, question, signal, { bus, health, lease, payments })) {
      if (event.kind === 'completed') remember(question, event.answer);
      yield event;
    }
  }

  /** A local model stands in for callers who wait, not here: what it says is not kept. */
  const revalidation = new Revalidation({
    flights,
    metrics,
    lead: (question) => (signal) =>
      acrossRouters(question, signal, shared, (lease) =>
        askProviders({ ...planFor(question), local: [] }, question, signal, lease),
      ),
  });

  return {
    authenticate: (credentials) => authenticate(credentials, parts.settings()),
    admit: (credentials) => {
      const settings = parts.settings();
      const caller = authenticate(credentials, settings);
      limit(caller, settings, limiter);
      return caller;
    },
    ask: async (ask) => {
      const question = judgeOrRefuse(ask);
      try {
        return recorded(await answer(question), question, recorder);
      } catch (thrown) {
        const error = toRefrainError(thrown);
        recorder.failed(question, error);
        throw error;
      }
    },
    refused: (face, error) => recorder.refused(face, error),
    explain: async (ask) => explain(judge(ask), cache, health),
    feedback: async (credentials, request) => {
      const response = await feedback(authenticate(credentials, parts.settings()), request, cache);
      if (request.verdict === Verdict.WRONG) {
        flights.forget();
        await records.revoke(request.entryId);
      }
      return response;
    },
    job: async (credentials, id) => jobs.get(authenticate(credentials, parts.settings()), id),
    review: (question, signal) =>
      dispatch({ ...planFor(question), local: [] }, question, signal, { bus, health, payments }),
    drain: () => revalidation.drain(),
    models: (credentials) => {
      const settings = parts.settings();
      authenticate(credentials, settings);
      return listModels(settings.mesh);
    },
  };
}

function notCached(): RefrainError {
  return new RefrainError('not_found', 'The cache holds no answer to this, and none was to be asked for.', {
    reason: 'NOT_CACHED',
  });
}
