/** The only file that speaks Chroma's client: calls with deadlines, and errors that are ours. */
import { RefrainError } from '@refrain/errors';
import { withTimeout } from '@refrain/resilience';
import { ChromaClient, type Collection } from 'chromadb';
import type { Vector } from '../../embedder/vector.ts';

const queryMs = 150;
const writeMs = 10_000;
const heartbeatMs = 1000;
/** As many a second as with 250, the most its documentation advises, and this process is held up for half as long (JSON). */
const batchRows = 100;
const idsPage = 10_000;
const listPage = 1000;

/** Whether a call failed because its collection is not (any more) on the server. */
export function isGone(error: unknown): boolean {
  return error instanceof RefrainError && error.reason === 'CHROMA_GONE';
}

/** Whether the server is there and cannot do this: the files of a collection may be broken. */
export function isBroken(error: unknown): boolean {
  return error instanceof RefrainError && error.reason === 'CHROMA_BROKEN';
}

/**
 * A Chroma server. Every method throws RefrainError `unavailable` (CHROMA_DOWN; CHROMA_GONE for a collection that is not there; CHROMA_BROKEN
 * for one that cannot be used).
 */
export class ChromaServer {
  readonly #client: ChromaClient;

  constructor(url: string) {
    const { hostname, port, protocol } = new URL(url);
    const ssl = protocol === 'https:';
    this.#client = new ChromaClient({
      host: hostname,
      port: Number(port || (ssl ? 443 : 80)),
      ssl,
      tenant: 'default_tenant',
      database: 'default_database',
    });
  }

  async heartbeat(): Promise<void> {
    await within(heartbeatMs, this.#client.heartbeat());
  }

  /** Names of all collections that begin with `prefix`. */
  async list(prefix: string): Promise<string[]> {
    const names: string[] = [];
    for (let offset = 0; ; offset += listPage) {
      const page = await within(writeMs, this.#client.listCollections({ limit: listPage, offset }));
      names.push(...page.map(({ name }) => name).filter((name) => name.startsWith(prefix)));
      if (page.length < listPage) return names;
    }
  }

  /** The collection of that name, made where there is none. */
  async open(name: string): Promise<ChromaCollection> {
    const configuration = { hnsw: { space: 'cosine' as const } };
    const opening = this.#client.getOrCreateCollection({ name, embeddingFunction: null, configuration });
    return new ChromaCollection(await within(writeMs, opening));
  }

  /** The collection of that name, which is there already. */
  async find(name: string): Promise<ChromaCollection> {
    return new ChromaCollection(await within(writeMs, this.#client.getCollection({ name })));
  }

  async delete(name: string): Promise<void> {
    await within(writeMs, this.#client.deleteCollection({ name }));
  }
}

/** A collection of unit vectors by id. It is never asked with a metadata filter: 91 ms instead of 4 at 100,000 vectors. */
export class ChromaCollection {
  readonly #collection: Collection;

  constructor(collection: Collection) {
    this.#collection = collection;
  }

  /** Ids of the nearest, nearest first. */
  async query(vector: Float32Array, count: number): Promise<string[]> {
    const asked = { queryEmbeddings: [toNumbers(vector)], nResults: count, include: ['distances' as const] };
    const result = await within(queryMs, this.#collection.query(asked));
    return result.ids[0] ?? [];
  }

  async ids(): Promise<string[]> {
    const ids: string[] = [];
    for (;;) {
      const page = await within(writeMs, this.#collection.get({ limit: idsPage, offset: ids.length, include: [] }));
      ids.push(...page.ids);
      if (page.ids.length < idsPage) return ids;
    }
  }

  async upsert(vectors: readonly Vector[]): Promise<void> {
    for (let from = 0; from < vectors.length; from += batchRows) {
      const rows = vectors.slice(from, from + batchRows);
      const embeddings = rows.map(({ vector }) => toNumbers(vector));
      await within(writeMs, this.#collection.upsert({ ids: rows.map(({ id }) => id), embeddings }));
    }
  }

  async remove(ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += batchRows) {
      await within(writeMs, this.#collection.delete({ ids: ids.slice(from, from + batchRows) }));
    }
  }
}

const reasons: Readonly<Record<string, string>> = {
  ChromaNotFoundError: 'CHROMA_GONE',
  ChromaServerError: 'CHROMA_BROKEN',
};

async function within<T>(ms: number, call: Promise<T>): Promise<T> {
  try {
    return await withTimeout(call, ms, 'Chroma');
  } catch (cause) {
    const reason = reasons[(cause as Error).name] ?? 'CHROMA_DOWN';
    throw new RefrainError('unavailable', 'Chroma did not answer.', { cause, reason });
  }
}

/** Rounded to what a 32-bit float can tell apart here: half the JSON. Distances from Chroma are never believed, only its order. */
function toNumbers(vector: Float32Array): number[] {
  return Array.from(vector, (each) => Math.round(each * 1e8) / 1e8);
}
