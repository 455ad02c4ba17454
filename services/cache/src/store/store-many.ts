import { create } from '@bufbuild/protobuf';
import { type StoreManyRequest, type StoreManyResponse, StoreManyResponseSchema } from '@refrain/contracts';
import { RefrainError } from '@refrain/errors';
import { refuse, type StoreParts, store } from './store.ts';

const maximumOffers = 256;

/**
 * Answers CacheService.StoreMany: what `store` says of each, in their order. One that is no valid offer is refused as "invalid" and hinders no other.
 * @throws RefrainError `invalid` for more than 256
 */
export async function storeMany({ requests }: StoreManyRequest, parts: StoreParts): Promise<StoreManyResponse> {
  if (requests.length > maximumOffers)
    throw new RefrainError(
      'invalid',
      `At most ${maximumOffers} answers can be offered at once, not ${requests.length}.`,
    );
  const outcomes = requests.map((request) =>
    store(request, parts).catch((thrown) => {
      if (thrown instanceof RefrainError && thrown.code === 'invalid') return refuse(parts, 'invalid');
      throw thrown;
    }),
  );
  return create(StoreManyResponseSchema, { responses: await Promise.all(outcomes) });
}
