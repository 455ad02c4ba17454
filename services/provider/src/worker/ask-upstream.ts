/** From a place in the queue to the upstream: a key is leased, its adapter asked; what the head of the reply says of the key its pool hears. */
import type { Adapter, AdapterEvent } from '../adapters/adapter.ts';
import type { KeyPool, Lease, LeaseQuery } from '../keys/lease.ts';
import { modelMissing } from '../upstream/failures.ts';
import type { UpstreamFetch, UpstreamRequest } from '../upstream/http.ts';
import { readToldLimits } from '../upstream/told-limits.ts';
import { upperPromptTokens } from '../usage.ts';
import { deadlinePassed, remainingOf } from './deadline.ts';
import type { Taken } from './taken-requests.ts';

/** What the upstream is asked with. */
export interface AskingParts {
  readonly adapter: Adapter;
  /** The adapter for a key that is used at another address than the provider's; absent where none is. */
  readonly adapterAt?: ((baseUrl: string) => Adapter) | undefined;
  /** Absent for keyless providers. */
  readonly keys?: KeyPool | undefined;
  readonly fetch: UpstreamFetch;
  /** What a model may read and write together, by its name. */
  readonly contextOf: ReadonlyMap<string, number>;
}

/** A request that has gone upstream. */
export interface Asked {
  readonly events: AsyncIterable<AdapterEvent>;
  /** Whoever reads the events settles it. */
  readonly lease: Lease | undefined;
  readonly remainingMs: number;
}

/** What an answer may be where nobody says. */
const defaultMaxTokens = 1000;

/** Takes a key and goes upstream (the iterable asks when it is read). @throws RefrainError the refusal; then no key is held */
export async function askUpstream(taken: Taken, parts: AskingParts): Promise<Asked> {
  const { abort, chat, work } = taken;
  const { adapter, adapterAt, contextOf, keys } = parts;
  abort.signal.throwIfAborted();
  if (!adapter.has(work.model)) throw modelMissing();
  if (remainingOf(taken) <= 0) throw deadlinePassed();
  const lease = await keys?.lease(leaseQueryOf(taken));
  try {
    abort.signal.throwIfAborted();
    const call = { model: work.model, chat, contextTokens: contextOf.get(work.model) };
    const { baseUrl } = lease?.key.group ?? {};
    const speaker = baseUrl === undefined ? adapter : (adapterAt?.(baseUrl) ?? adapter);
    const fetch = (request: UpstreamRequest) => fetchWith(lease, request, parts);
    const events = speaker.stream(call, { fetch, signal: abort.signal, key: lease?.key.secret });
    return { events, lease, remainingMs: remainingOf(taken) };
  } catch (thrown) {
    if (lease) keys?.settle(lease, { kind: 'unused' });
    throw thrown;
  }
}

/** What a request wants of a key: tokens by an upper estimate, and which keys it has tried. */
export function leaseQueryOf({ chat, work }: Taken): LeaseQuery {
  const { attemptId, model, excludedKeyIds, preferredKeyId } = work;
  const want = { promptTokens: upperPromptTokens(chat), outputTokens: chat.maxTokens ?? defaultMaxTokens };
  return { attemptId, model, want, excluded: excludedKeyIds, preferred: preferredKeyId };
}

async function fetchWith(lease: Lease | undefined, request: UpstreamRequest, { fetch, keys }: AskingParts) {
  const response = await fetch(request);
  if (lease) {
    const limits = readToldLimits(response.headers, Date.now());
    keys?.told(lease, { isTaken: response.status === 200, limits });
  }
  return response;
}
