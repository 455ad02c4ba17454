/**
 * Chroma as a rebuildable index: a collection for each of the busiest partitions. It is never asked with a metadata filter (91 ms
 * instead of 4 at 100,000 vectors), never believed (every hit is checked against Redis), and filled again from Redis when it has
 * lost something: a collection opened for the first time with fewer vectors than Redis has, or one that is suddenly gone.
 */
import { RefrainError } from '@refrain/errors';
import { Breaker, withTimeout } from '@refrain/resilience';
import type { Logger } from '@refrain/service';
import { ChromaClient, type Collection } from 'chromadb';
import { embeddingFingerprint } from '../embedder/model.ts';
import type { Vector } from '../near-store.ts';
import type { NearIndex, Partition } from './near-index.ts';
import { type Batch, WriteQueue } from './write-queue.ts';

/** What the index stands on. */
export interface ChromaIndexOptions {
  readonly url: string;
  readonly log: Logger;
  readonly maximumCollections: number;
  /** Everything Redis has of a partition, to fill a collection with. */
  readonly vectors: (partition: Partition) => Promise<Vector[]>;
}

const queryMs = 100;
const writeMs = 10_000;
const batchRows = 250;
const writeDelayMs = 40;
const heartbeatMs = 1000;
const prefix = `sem-${Buffer.from(embeddingFingerprint).toString('base64url').slice(-12)}-`;

/** The semantic level's index on a Chroma server. */
export class ChromaNearIndex implements NearIndex {
  readonly #client: ChromaClient;
  readonly #options: ChromaIndexOptions;
  readonly #breaker: Breaker = new Breaker({ failures: 3, cooldownMs: 500, name: 'Chroma' });
  readonly #queue: WriteQueue<Partition>;
  /** Least recently used first. */
  readonly #open: Map<string, Collection> = new Map();
  readonly #heartbeat: NodeJS.Timeout;
  #ready = false;

  constructor(options: ChromaIndexOptions) {
    const { hostname, port, protocol } = new URL(options.url);
    const ssl = protocol === 'https:';
    this.#client = new ChromaClient({ host: hostname, port: Number(port || (ssl ? 443 : 80)), ssl });
    this.#options = options;
    this.#queue = new WriteQueue((batch) => this.#write(batch), writeDelayMs);
    this.#heartbeat = setInterval(() => void this.#beat(), heartbeatMs);
    void this.#beat();
  }

  get ready(): boolean {
    return this.#ready;
  }

  get pending(): number {
    return this.#queue.pending;
  }

  get collections(): number {
    return this.#open.size;
  }

  async query(partition: Partition, vector: Float32Array, count: number): Promise<string[] | undefined> {
    const collection = this.#touch(partition.key);
    if (!collection) return undefined;
    const ask = () =>
      collection.query({ queryEmbeddings: [Array.from(vector)], nResults: count, include: ['distances'] });
    try {
      const result = await this.#breaker.run(() => withTimeout(ask(), queryMs, 'Chroma'));
      return result.ids[0] ?? [];
    } catch (error) {
      this.#forgetIfGone(partition.key, error);
      throw toError(error);
    }
  }

  add(partition: Partition, id: string, vector: Float32Array): void {
    this.#queue.put(partition, id, vector);
  }

  remove(partition: Partition, ids: readonly string[]): void {
    if (this.#open.has(partition.key)) for (const id of ids) this.#queue.put(partition, id, null);
  }

  drop(partition: Partition): void {
    this.#queue.discard(partition.key);
    this.#open.delete(partition.key);
    void this.#delete(partition.key);
  }

  async stop(): Promise<void> {
    clearInterval(this.#heartbeat);
    await this.#queue.stop();
  }

  async #write(batch: Batch<Partition>): Promise<void> {
    const { partition, writes } = batch;
    try {
      const collection = this.#touch(partition.key) ?? (await this.#openCollection(partition));
      const put = [...writes].flatMap(([id, vector]) => (vector ? [{ id, vector }] : []));
      const gone = [...writes].flatMap(([id, vector]) => (vector ? [] : [id]));
      await upsert(collection, put);
      if (gone.length > 0) await withTimeout(collection.delete({ ids: gone }), writeMs, 'Chroma');
    } catch (error) {
      this.#forgetIfGone(partition.key, error);
      throw error;
    }
  }

  /** Opens a partition's collection, filling it from Redis where it has less. The least recently used makes room. */
  async #openCollection(partition: Partition): Promise<Collection> {
    while (this.#open.size >= this.#options.maximumCollections) {
      const [oldest] = this.#open.keys();
      if (oldest === undefined) break;
      this.#open.delete(oldest);
      await this.#delete(oldest);
    }
    const configuration = { hnsw: { space: 'cosine' as const } };
    const opening = this.#client.getOrCreateCollection({
      name: nameOf(partition.key),
      embeddingFunction: null,
      configuration,
    });
    const collection = await withTimeout(opening, writeMs, 'Chroma');
    const [count, vectors] = await Promise.all([collection.count(), this.#options.vectors(partition)]);
    if (count < vectors.length) {
      this.#options.log.info(
        { partition: partition.key, vectors: vectors.length },
        'filling an index collection from redis',
      );
      await upsert(collection, vectors);
    }
    this.#open.set(partition.key, collection);
    return collection;
  }

  #touch(key: string): Collection | undefined {
    const collection = this.#open.get(key);
    if (!collection) return undefined;
    this.#open.delete(key);
    this.#open.set(key, collection);
    return collection;
  }

  #forgetIfGone(key: string, error: unknown): void {
    if ((error as Error).name === 'ChromaNotFoundError') this.#open.delete(key);
  }

  async #delete(key: string): Promise<void> {
    try {
      await this.#client.deleteCollection({ name: nameOf(key) });
    } catch (error) {
      // Gone already, or the server is: then its content is checked against Redis when it is next opened.
      this.#options.log.debug({ err: error }, 'a collection could not be deleted');
    }
  }

  async #beat(): Promise<void> {
    const was = this.#ready;
    try {
      await withTimeout(this.#client.heartbeat(), heartbeatMs, 'Chroma');
      this.#ready = true;
    } catch {
      // Said below, once.
      this.#ready = false;
    }
    if (was && !this.#ready) {
      this.#options.log.warn({}, 'chroma is not reachable; the semantic level looks into small partitions only');
      // It may come back empty: every collection is opened, and counted, anew.
      this.#open.clear();
    } else if (!was && this.#ready) this.#options.log.info({}, 'chroma answers');
  }
}

async function upsert(collection: Collection, vectors: readonly Vector[]): Promise<void> {
  for (let from = 0; from < vectors.length; from += batchRows) {
    const rows = vectors.slice(from, from + batchRows);
    const embeddings = rows.map(({ vector }) => Array.from(vector));
    await withTimeout(collection.upsert({ ids: rows.map(({ id }) => id), embeddings }), writeMs, 'Chroma');
  }
}

function nameOf(key: string): string {
  return `${prefix}${key}`;
}

function toError(error: unknown): RefrainError {
  if (error instanceof RefrainError) return error;
  return new RefrainError('unavailable', 'Chroma did not answer.', { cause: error, reason: 'CHROMA_DOWN' });
}
