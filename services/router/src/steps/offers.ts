/**
 * Offers to the cache, those of one turn of the event loop in one call: with sixteen misses in flight a call for each was a tenth of what a
 * miss costs (docs/performance.md).
 */
import { create } from '@bufbuild/protobuf';
import {
  type CacheService,
  StoreManyRequestSchema,
  type StoreRequest,
  type StoreResponse,
  StoreResponseSchema,
} from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { turnIsOver } from '@refrain/resilience';
import type { GrpcClient } from '@refrain/rpc';

interface Offer {
  readonly request: StoreRequest;
  readonly settle: PromiseWithResolvers<StoreResponse>;
}

const storeMs = 5000;
/** In one call: with texts of the length below it stays under the 16 MiB that the cache's door takes. */
const maximumTogether = 32;
/** UTF-16 units of a question and its answer; what is longer goes alone. */
const longCharacters = 100_000;

/** Sends them. */
export class Offers {
  readonly #cache: Pick<GrpcClient<typeof CacheService>, 'storeMany'>;
  #waiting: Offer[] = [];

  constructor(cache: Pick<GrpcClient<typeof CacheService>, 'storeMany'>) {
    this.#cache = cache;
  }

  /** What became of an offer. @throws RefrainError when the cache did not say within 5 s */
  send(request: StoreRequest): Promise<StoreResponse> {
    const settle = Promise.withResolvers<StoreResponse>();
    const offer = { request, settle };
    if (charactersOf(request) > longCharacters) void this.#call([offer]);
    else this.#wait(offer);
    return settle.promise;
  }

  #wait(offer: Offer): void {
    this.#waiting.push(offer);
    if (this.#waiting.length === 1) void turnIsOver().then(() => this.#flush());
    else if (this.#waiting.length === maximumTogether) this.#flush();
  }

  #flush(): void {
    const together = this.#waiting;
    this.#waiting = [];
    if (together.length > 0) void this.#call(together);
  }

  async #call(offers: readonly Offer[]): Promise<void> {
    const request = create(StoreManyRequestSchema, { requests: offers.map(({ request }) => request) });
    try {
      const { responses } = await this.#cache.storeMany(request, { timeoutMs: storeMs });
      if (responses.length !== offers.length)
        throw new RefrainError('internal', `The cache took ${offers.length} offers and told of ${responses.length}.`);
      for (const [i, { settle }] of offers.entries()) settle.resolve(responses[i] ?? create(StoreResponseSchema));
    } catch (thrown) {
      for (const { settle } of offers) settle.reject(thrown);
    }
  }
}

function charactersOf({ chat, answer }: StoreRequest): number {
  let characters = answer?.text.length ?? 0;
  for (const { parts } of chat?.messages ?? [])
    for (const { content } of parts) if (content.case === 'text') characters += content.value.length;
  return characters;
}
