/** Puts a sample of the semantic hits on a queue, to be asked afresh later (`reviewer.ts`). The caller has its answer already. */
import { create, toBinary } from '@bufbuild/protobuf';
import type { Bus } from '@refrain/bus';
import { type Answer, ReviewSchema, reviewSubject, Source } from '@refrain/contracts';
import { toRefrainError } from '@refrain/errors';
import type { Question } from '../ask.ts';
import type { RouterMetrics } from '../metrics.ts';

/** What it stands on. */
export interface ReviewQueueParts {
  readonly bus: Pick<Bus, 'publishDurable'>;
  readonly metrics: Pick<RouterMetrics, 'learned'>;
  /** From 0 to 1. */
  readonly random?: () => number;
}

/** Under way at once: while JetStream is slow or away, hits are left out of the sample. */
const maximumPending = 100;

/** The queue's near end. */
export class ReviewQueue {
  readonly #parts: ReviewQueueParts;
  readonly #pending: Set<Promise<void>> = new Set();

  constructor(parts: ReviewQueueParts) {
    this.#parts = parts;
  }

  /** A hit was found. Comes back at once; of semantic ones, a share goes to the queue. */
  sample(question: Question, answer: Answer): void {
    const { random = Math.random, metrics } = this.#parts;
    const share = question.settings.mesh.cache.semantic.reviewShare;
    if (answer.provenance?.source !== Source.SEMANTIC || random() >= share) return;
    if (this.#pending.size >= maximumPending) {
      metrics.learned('review', 'too_many');
      return;
    }
    const putting = this.#put(question, answer).finally(() => this.#pending.delete(putting));
    this.#pending.add(putting);
  }

  async #put({ caller, chat, requestId }: Question, { provenance }: Answer): Promise<void> {
    const { tenant, tier } = caller;
    const { confidence = 0, entryId = '' } = provenance ?? {};
    try {
      const review = create(ReviewSchema, { tenant, tier, chat, entryId, confidence });
      await this.#parts.bus.publishDurable(reviewSubject, toBinary(ReviewSchema, review), { id: requestId });
      this.#parts.metrics.learned('review', 'queued');
    } catch (thrown) {
      this.#parts.metrics.learned('review', toRefrainError(thrown).reason.toLowerCase());
    }
  }

  /** Waits until what was sampled is on the queue, or given up. */
  async drain(): Promise<void> {
    await Promise.all(this.#pending);
  }
}
