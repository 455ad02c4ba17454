/**
 * Step 4: have we said it. Two questions to the cache: the exact one for everybody, and, for the leader of a flight alone, the one by
 * meaning; and a third, for what is past its time, when nobody answered. All have a hard deadline and a breaker; whatever fails there is
 * a miss (contract: the cache never hurts).
 */
import { create } from '@bufbuild/protobuf';
import {
  type CacheService,
  Level,
  type LookupRequest,
  LookupRequestSchema,
  type LookupResponse,
} from '@refrain/contracts';
import { toRefrainError } from '@refrain/errors';
import { matchTemplate, questionOf } from '@refrain/judgement';
import { Breaker, type Clock, Semaphore, systemClock, withDeadline } from '@refrain/resilience';
import type { GrpcClient } from '@refrain/rpc';
import type { Question } from '../ask.ts';
import type { RouterMetrics } from '../metrics.ts';
import { mayRead } from '../options.ts';

/** Redis answers within 150 ms or not at all; the rest is the way there and back. */
const exactMs = 250;
/** The embedder's 250 ms, Chroma's 100 and two visits to Redis, rounded down: later than this the provider may be faster. */
const meaningMs = 500;

/**
 * Calls of a kind that are under way at once. More would not be answered sooner, they would wait in the cache, where their time runs:
 * a burst of two thousand hits was late as a whole, closed the breaker and went to the providers.
 */
const atOnce = 64;
/** What a lookup needs of the cache. */
export type CacheLookup = Pick<GrpcClient<typeof CacheService>, 'lookup'>;

/** Asks the cache. */
export class Lookup {
  readonly #cache: CacheLookup;
  readonly #metrics: RouterMetrics;
  readonly #breaker: Breaker;
  readonly #exactTurns: Semaphore = new Semaphore(atOnce, Number.POSITIVE_INFINITY);
  readonly #meaningTurns: Semaphore = new Semaphore(atOnce, Number.POSITIVE_INFINITY);
  readonly #stale: Map<string, Promise<LookupResponse | undefined>> = new Map();

  constructor(cache: CacheLookup, metrics: RouterMetrics, clock: Clock = systemClock) {
    this.#cache = cache;
    this.#metrics = metrics;
    this.#breaker = new Breaker({ failures: 5, cooldownMs: 500, name: 'The cache', clock });
  }

  /** Whether the cache answered when it was last asked. */
  get reachable(): boolean {
    return this.#breaker.state === 'closed';
  }

  /** The same request's answer; without one it is a miss. Undefined where the cache was not asked, or did not say. */
  async exact(question: Question): Promise<LookupResponse | undefined> {
    if (!mayRead(question.cacheMode) || !question.able.exact) return undefined;
    const { ask, caller, exactKey, minimumRank } = question;
    const levels = [Level.EXACT];
    const { maxAgeSeconds, minimumConfidence } = ask.options ?? {};
    // The key stands for the chat, which may be a megabyte.
    const request = create(LookupRequestSchema, {
      tenant: caller.tenant,
      exactKey,
      levels,
      minimumRank,
      ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
      // Under an exact key may stand an alias of what was found by meaning.
      ...(minimumConfidence !== undefined && { minimumConfidence }),
    });
    return this.#ask(question, request, exactMs);
  }

  /** An answer by meaning, or a template that always answers; otherwise like `exact`. */
  async byMeaning(question: Question): Promise<LookupResponse | undefined> {
    const levels = levelsOf(question).filter((level) => level !== Level.EXACT);
    return levels.length === 0 ? undefined : this.#ask(question, toRequest(question, levels), meaningMs);
  }

  /**
   * What answers where nobody else does: also an answer whose time is over, as `STALE`. Who asks the same at once asks once. Half of the
   * caller's time is left to whoever comes after.
   */
  async stale(question: Question): Promise<LookupResponse | undefined> {
    const levels = levelsOf(question).filter((level) => level !== Level.TEMPLATE);
    if (levels.length === 0) return undefined;
    const request = { ...toRequest(question, levels), acceptStale: true };
    const demands = [question.exactKey, request.minimumRank, request.minimumConfidence, request.maxAgeSeconds].join(
      '/',
    );
    const running = this.#stale.get(demands);
    const asking = running ?? this.#ask(question, request, meaningMs, 0.5);
    if (!running) {
      this.#stale.set(demands, asking);
      void asking.finally(() => this.#stale.delete(demands));
    }
    const held = await asking;
    return held && running ? own(held, question) : held;
  }

  async #ask(
    question: Question,
    request: LookupRequest,
    limitMs: number,
    shareOfTime = 1,
  ): Promise<LookupResponse | undefined> {
    const { deadline, requestId } = question;
    try {
      const response = await this.#take(request, { limitMs, remainingMs: () => deadline.remainingMs() * shareOfTime });
      const { answer } = response;
      if (!answer) return response;
      if (!answer.provenance) return undefined;
      answer.requestId = requestId;
      answer.provenance.classification = question.classification;
      return response;
    } catch (thrown) {
      this.#metrics.cacheFailed('lookup', toRefrainError(thrown).reason);
      return undefined;
    }
  }

  /** Waits for a turn, as long as its caller waits, and calls; the call's time begins with its turn. A cache that is away lets nobody wait: the breaker ends every turn. */
  async #take(
    request: LookupRequest,
    { limitMs, remainingMs }: { limitMs: number; remainingMs: () => number },
  ): Promise<LookupResponse> {
    const turns = limitMs === exactMs ? this.#exactTurns : this.#meaningTurns;
    const endTurn = await takeTurn(turns, remainingMs());
    const timeoutMs = Math.min(limitMs, remainingMs());
    // A caller in a hurry says nothing about the cache: it must not close it to the others.
    const isFailure = (thrown: unknown) => timeoutMs === limitMs || toRefrainError(thrown).code !== 'deadline';
    const call = () => withDeadline((signal) => this.#cache.lookup(request, { signal }), timeoutMs, 'The lookup');
    try {
      return await this.#breaker.run(call, isFailure);
    } finally {
      endTurn();
    }
  }
}

/** @throws TimeoutError when it does not come in time. Who need not wait sets no timer: most need not. */
function takeTurn(turns: Semaphore, withinMs: number): Promise<() => void> {
  return turns.inUse < atOnce ? turns.acquire() : turns.acquire(AbortSignal.timeout(Math.max(0, Math.ceil(withinMs))));
}

/** What may answer a question, in this order. */
export function levelsOf({ able, cacheMode, chat, settings }: Question): Level[] {
  if (!mayRead(cacheMode)) return [];
  const { cache, templates } = settings.mesh;
  const levels: Level[] = [];
  if (able.exact) levels.push(Level.EXACT);
  if (cache.semantic.enabled && able.semantic) levels.push(Level.SEMANTIC);
  if (matchTemplate(templates, questionOf(chat), 'always')) levels.push(Level.TEMPLATE);
  return levels;
}

/** The question as the cache is asked it on any level, with what its caller demands. */
export function toRequest(
  { ask, caller, chat, classification, minimumRank }: Question,
  levels: Level[],
): LookupRequest {
  const { maxAgeSeconds, minimumConfidence } = ask.options ?? {};
  return create(LookupRequestSchema, {
    tenant: caller.tenant,
    chat,
    classification,
    levels,
    minimumRank,
    ...(minimumConfidence !== undefined && { minimumConfidence }),
    ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
  });
}

/** What another asked, as this question's answer. */
function own(response: LookupResponse, { classification, requestId }: Question): LookupResponse {
  const { answer } = response;
  if (!answer?.provenance) return response;
  return { ...response, answer: { ...answer, requestId, provenance: { ...answer.provenance, classification } } };
}
