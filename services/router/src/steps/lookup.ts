/**
 * Step 4: have we said it. Two questions to the cache: the exact one for everybody, and, for the leader of a flight alone, the one by
 * meaning. Both have a hard deadline and a breaker; whatever fails there is a miss (contract: the cache never hurts).
 */
import { create } from '@bufbuild/protobuf';
import {
  type Answer,
  CacheMode,
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

  constructor(cache: CacheLookup, metrics: RouterMetrics, clock: Clock = systemClock) {
    this.#cache = cache;
    this.#metrics = metrics;
    this.#breaker = new Breaker({ failures: 5, cooldownMs: 500, name: 'The cache', clock });
  }

  /** Whether the cache answered when it was last asked. */
  get reachable(): boolean {
    return this.#breaker.state === 'closed';
  }

  /** The same request's answer; undefined is a miss. */
  async exact(question: Question): Promise<Answer | undefined> {
    if (!mayRead(question) || !question.able.exact) return undefined;
    const { caller, exactKey, minimumRank } = question;
    const levels = [Level.EXACT];
    // The key stands for the chat, which may be a megabyte.
    const request = create(LookupRequestSchema, { tenant: caller.tenant, exactKey, levels, minimumRank });
    return this.#ask(question, request, exactMs);
  }

  /** An answer by meaning, or a template that always answers; undefined is a miss. */
  async byMeaning(question: Question): Promise<Answer | undefined> {
    if (!mayRead(question)) return undefined;
    const { able, ask, caller, chat, classification, minimumRank, settings } = question;
    const levels: Level[] = [];
    if (settings.mesh.cache.semantic.enabled && able.semantic) levels.push(Level.SEMANTIC);
    if (matchTemplate(settings.mesh.templates, questionOf(chat), 'always')) levels.push(Level.TEMPLATE);
    if (levels.length === 0) return undefined;
    const minimumConfidence = ask.options?.minimumConfidence;
    const request = create(LookupRequestSchema, {
      tenant: caller.tenant,
      chat,
      classification,
      levels,
      minimumRank,
      ...(minimumConfidence !== undefined && { minimumConfidence }),
    });
    return this.#ask(question, request, meaningMs);
  }

  async #ask(question: Question, request: LookupRequest, limitMs: number): Promise<Answer | undefined> {
    const { classification, deadline, requestId } = question;
    try {
      const { answer } = await this.#take(request, { limitMs, remainingMs: () => deadline.remainingMs() });
      if (!answer?.provenance) return undefined;
      answer.requestId = requestId;
      answer.provenance.classification = classification;
      return answer;
    } catch (thrown) {
      this.#metrics.cacheFailed('lookup', toRefrainError(thrown).reason);
      return undefined;
    }
  }

  /** Waits for a turn and calls; the call's time begins with its turn. A cache that is away lets nobody wait: the breaker ends every turn. */
  async #take(
    request: LookupRequest,
    { limitMs, remainingMs }: { limitMs: number; remainingMs: () => number },
  ): Promise<LookupResponse> {
    const turns = limitMs === exactMs ? this.#exactTurns : this.#meaningTurns;
    const endTurn = await turns.acquire();
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

function mayRead({ ask }: Question): boolean {
  const mode = ask.options?.cache ?? CacheMode.UNSPECIFIED;
  return mode === CacheMode.UNSPECIFIED || mode === CacheMode.READ_ONLY;
}
