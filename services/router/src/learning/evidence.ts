/**
 * Tells the cache what a fresh answer says about a stored one: in shadow mode the answer that was asked for anyway, in a review the one
 * that was asked for to see. In the background; no caller waits for it, and what cannot be told is counted and forgotten.
 */
import { create } from '@bufbuild/protobuf';
import { type Answer, type CacheService, LearnRequestSchema, Source, Verdict } from '@refrain/contracts';
import { toRefrainError } from '@refrain/errors';
import { admit } from '@refrain/judgement';
import type { GrpcClient } from '@refrain/rpc';
import type { RouterMetrics } from '../metrics.ts';

/** What the stored answer was, or would have been, served for. */
export interface Served {
  readonly tenant: string;
  readonly entryId: string;
  readonly confidence: number;
  /** False in shadow mode. */
  readonly served: boolean;
}

/** What telling needs. */
export interface EvidenceParts {
  readonly cache: Pick<GrpcClient<typeof CacheService>, 'learn'>;
  readonly metrics: Pick<RouterMetrics, 'learned'>;
}

/** The cache may embed both answers first. */
const learnMs = 10_000;
/** Under way at once; one piece of evidence more or less matters little. */
const maximumPending = 100;

/** Tells it. */
export class Evidence {
  readonly #parts: EvidenceParts;
  readonly #pending: Set<Promise<void>> = new Set();

  constructor(parts: EvidenceParts) {
    this.#parts = parts;
  }

  /** Comes back at once. A fresh answer that is not clean enough to be kept proves nothing. */
  tell(hit: Served, fresh: Answer): void {
    const kind = hit.served ? 'review' : 'shadow';
    const admission = admit(fresh);
    const reason = admission.admitted ? undefined : admission.reason;
    const whyNot = this.#pending.size >= maximumPending ? 'too_many' : reason;
    if (whyNot) {
      this.#parts.metrics.learned(kind, whyNot);
      return;
    }
    const telling = this.#tell(hit, fresh.text, kind).finally(() => this.#pending.delete(telling));
    this.#pending.add(telling);
  }

  async #tell({ tenant, entryId, confidence, served }: Served, text: string, kind: 'shadow' | 'review'): Promise<void> {
    const evidence = { case: 'freshAnswer' as const, value: text };
    const source = Source.SEMANTIC;
    const request = create(LearnRequestSchema, { tenant, entryId, confidence, served, source, evidence });
    try {
      const { verdict } = await this.#parts.cache.learn(request, { timeoutMs: learnMs });
      this.#parts.metrics.learned(kind, verdictNames[verdict] ?? 'unsure');
    } catch (thrown) {
      this.#parts.metrics.learned(kind, toRefrainError(thrown).reason.toLowerCase());
    }
  }

  /** Waits until what was to be told is. */
  async drain(): Promise<void> {
    await Promise.all(this.#pending);
  }
}

const verdictNames: Readonly<Record<number, string>> = {
  [Verdict.RIGHT]: 'right',
  [Verdict.WRONG]: 'wrong',
};
