/**
 * Step 9: remember. The leader of a flight offers the answer to the cache, in the background: no caller waits for it. Every caller's
 * request is counted and told to whoever listens, without prompt or answer.
 */
import { create } from '@bufbuild/protobuf';
import { type Answer, type CacheService, type Source, StoreRequestSchema } from '@refrain/contracts';
import { type RefrainError, toRefrainError } from '@refrain/errors';
import { admit } from '@refrain/judgement';
import { answerIsOut } from '@refrain/resilience';
import type { GrpcClient } from '@refrain/rpc';
import type { FaceName, Question } from '../ask.ts';
import type { Events } from '../events.ts';
import type { RouterMetrics } from '../metrics.ts';
import { mayWrite } from '../options.ts';
import { sourceName } from '../source-name.ts';
import { Offers } from './offers.ts';

/** What remembering needs. */
export interface RecordParts {
  readonly cache: Pick<GrpcClient<typeof CacheService>, 'storeMany'>;
  readonly events: Events;
  readonly metrics: RouterMetrics;
  /** Hears of an answer that was invalidated while it was made. */
  readonly onInvalidated?: (exactKey: string) => void;
}

/** Stores under way; beyond it the cache is too slow, and an answer more or less in it matters little. */
const maximumPending = 1000;

/** Remembers answers. */
export class Recorder {
  readonly #parts: RecordParts;
  readonly #offers: Offers;
  readonly #pending: Set<Promise<void>> = new Set();

  constructor(parts: RecordParts) {
    this.#parts = parts;
    this.#offers = new Offers(parts.cache);
  }

  /** Offers a provider's answer to the cache where the request and the answer allow it; says whether they do. */
  remember(question: Question, answer: Answer): boolean {
    if (!mayWrite(question.cacheMode) || !question.able.store || !admit(answer).admitted) return false;
    if (this.#pending.size >= maximumPending) {
      this.#parts.metrics.cacheFailed('store', 'TOO_MANY');
      return true;
    }
    // Not before the answer itself is on its way: it may be large, and must be written twice.
    const stored = answerIsOut().then(() => this.#store(question, answer));
    this.#pending.add(stored);
    void stored.finally(() => this.#pending.delete(stored));
    return true;
  }

  async #store(question: Question, answer: Answer): Promise<void> {
    const { ask, beganAtMs, caller, chat, classification, settings } = question;
    const { tags = [], ttlSeconds } = ask.options ?? {};
    const { provider = '', model = '' } = answer.provenance ?? {};
    const rank = settings.mesh.providers[provider]?.models.find(({ name }) => name === model)?.rank ?? 1;
    const request = create(StoreRequestSchema, {
      tenant: caller.tenant,
      chat,
      classification,
      answer,
      rank,
      tags,
      askedAtMs: BigInt(Math.floor(Date.now() - (performance.now() - beganAtMs))),
      tookMs: Math.max(1, Math.round(performance.now() - beganAtMs)),
      ...(ttlSeconds !== undefined && { ttlSeconds }),
    });
    try {
      const { refusedReason } = await this.#offers.send(request);
      if (refusedReason === 'invalidated') this.#parts.onInvalidated?.(question.exactKey);
    } catch (thrown) {
      this.#parts.metrics.cacheFailed('store', toRefrainError(thrown).reason);
    }
  }

  /** A request was not let in: it is counted, and nobody is told of what was never a question. */
  refused(face: FaceName, { code }: RefrainError): void {
    this.#parts.metrics.refused(face, code);
  }

  /** It is known who answers a caller: the first of the answer is there. */
  began(question: Question, source: Source): void {
    const ms = performance.now() - question.beganAtMs;
    this.#parts.metrics.began(sourceName(source), ms / 1000);
  }

  /** A caller has its answer. */
  answered(question: Question, answer: Answer): void {
    const ms = performance.now() - question.beganAtMs;
    this.#parts.metrics.answered(question.ask.face, answer, ms / 1000);
    this.#parts.events.answered(question, answer, ms);
  }

  /** A caller has an error, or left. */
  failed(question: Question, error: RefrainError): void {
    const ms = performance.now() - question.beganAtMs;
    this.#parts.metrics.failed(question.ask.face, error.code, ms / 1000);
    this.#parts.events.failed(question, error, ms);
  }

  /** Waits until what was offered is with the cache. */
  async drain(): Promise<void> {
    await Promise.all(this.#pending);
  }
}
