/**
 * Chroma as a rebuildable index: a collection for each of the busiest partitions. It is never believed (every hit is checked against
 * Redis), and whenever it may have lost or kept too much, its collection is opened anew, which compares it with Redis: after a start,
 * after a failed write, and after the server was away.
 */
import { createHash } from 'node:crypto';
import { RefrainError } from '@refrain/errors';
import { Breaker, withTimeout } from '@refrain/resilience';
import type { Logger } from '@refrain/service';
import { BoundedMap } from '../bounded-map.ts';
import { embeddingFingerprint } from '../embedder/model.ts';
import type { Partition } from '../partition.ts';
import { nearest } from '../vector.ts';
import { type ChromaCollection, ChromaServer, isGone } from './chroma-server.ts';
import { fill } from './fill.ts';
import { type NearSource, type SharedIndex, scanLimit } from './near-index.ts';
import { Slots } from './slots.ts';
import { type Batch, WriteQueue } from './write-queue.ts';

/** What the index stands on. */
export interface ChromaIndexOptions {
  readonly url: string;
  readonly log: Logger;
  readonly maximumCollections: () => number;
  readonly source: NearSource;
}

/** How long writes are collected: Chroma takes 3.5 ms of processor time for each vector at 40 ms, 2.3 at 100, no less beyond. */
const writeDelayMs = 100;
const heartbeatMs = 1000;
/** A collection that could not be opened or filled, or found no room, is left alone this long. */
const pauseMs = 1000;
const stopMs = 500;
const family = 'refrain-';
/** Vectors of different models are never in one collection. */
const prefix = `${family}${createHash('sha256').update(embeddingFingerprint).digest('hex').slice(0, 8)}-`;
const nameOf = ({ key }: Partition): string => `${prefix}${key}`;

/** The semantic level's index on a Chroma server. */
export class ChromaNearIndex implements SharedIndex {
  readonly #server: ChromaServer;
  readonly #options: ChromaIndexOptions;
  readonly #breaker: Breaker = new Breaker({ failures: 3, cooldownMs: 500, name: 'Chroma' });
  readonly #slots: Slots<ChromaCollection> = new Slots();
  readonly #queue: WriteQueue = new WriteQueue((batch) => this.#write(batch), writeDelayMs);
  /** Collections being opened and filled, by name. */
  readonly #opening: Map<string, Promise<void>> = new Map();
  readonly #failedAt: BoundedMap<string, number> = new BoundedMap(1000);
  readonly #heartbeat: NodeJS.Timeout;
  /** Opening, evicting and dropping, one after the other; and filling likewise, which may take long. */
  #changes: Promise<unknown> = Promise.resolve();
  #fills: Promise<number> = Promise.resolve(0);
  #ready = false;

  constructor(options: ChromaIndexOptions) {
    this.#server = new ChromaServer(options.url);
    this.#options = options;
    this.#heartbeat = setInterval(() => void this.#beat(), heartbeatMs);
    void this.#beat();
  }

  get ready(): boolean {
    return this.#ready;
  }

  get pending(): number {
    return this.#queue.pending + this.#opening.size;
  }

  get collections(): number {
    return this.#slots.size;
  }

  async query(partition: Partition, vector: Float32Array, count: number, size: number): Promise<string[] | undefined> {
    const name = nameOf(partition);
    const slot = this.#slots.touch(name);
    if (!slot?.collection) {
      this.#openSoon(partition);
      return undefined;
    }
    const { collection, filled } = slot;
    if (!filled && size <= scanLimit) return undefined;
    try {
      // What waits to be written can be found already.
      const unwritten = nearest(vector, [...this.#queue.unwritten(partition.key)], count);
      const written = await this.#breaker.run(() => collection.query(vector, count));
      return unwritten.length === 0 ? written : [...new Set([...unwritten, ...written])];
    } catch (cause) {
      if (isGone(cause)) this.#slots.forget(name);
      throw new RefrainError('unavailable', 'Chroma did not answer.', { cause, reason: 'CHROMA_DOWN' });
    }
  }

  add(partition: Partition, id: string, vector: Float32Array): void {
    const slot = this.#slots.touch(nameOf(partition));
    // A collection that is opened later is filled from Redis, which has this entry.
    if (!slot?.collection) this.#openSoon(partition);
    else if (!this.#queue.put(partition, id, vector)) this.#slots.forget(nameOf(partition));
  }

  remove(partition: Partition, ids: readonly string[]): void {
    if (this.#slots.has(nameOf(partition))) for (const id of ids) this.#queue.remove(partition, id);
  }

  drop(partition: Partition): void {
    const name = nameOf(partition);
    this.#queue.discard(partition.key);
    this.#slots.forget(name);
    void this.#change(() => this.#delete(name));
  }

  async stop(): Promise<void> {
    clearInterval(this.#heartbeat);
    this.#ready = false;
    try {
      await withTimeout(this.#queue.stop(), stopMs, 'The last index write');
    } catch {
      // A server that hangs keeps nobody from stopping: what is not in the index is in Redis.
    }
  }

  /** Opens and fills in the background, once at a time for each collection. */
  #openSoon(partition: Partition): void {
    const name = nameOf(partition);
    const failedAt = this.#failedAt.get(name) ?? Number.NEGATIVE_INFINITY;
    if (!this.#ready || this.#opening.has(name) || performance.now() - failedAt < pauseMs) return;
    const job = this.#open(partition, name)
      .catch((err) => {
        this.#slots.forget(name);
        this.#failedAt.set(name, performance.now());
        this.#options.log.warn({ err, partition: partition.key }, 'an index collection could not be filled');
      })
      .finally(() => this.#opening.delete(name));
    this.#opening.set(name, job);
  }

  async #open(partition: Partition, name: string): Promise<void> {
    const collection = await this.#change(async () => {
      const room = this.#slots.has(name) || (await this.#makeRoom(partition));
      return room ? this.#server.open(name) : undefined;
    });
    if (!collection) {
      this.#failedAt.set(name, performance.now());
      return;
    }
    const slot = this.#slots.open(name, collection);
    const fillNow = () => fill(collection, partition, this.#options.source);
    this.#fills = this.#fills.then(fillNow, fillNow);
    const added = await this.#fills;
    slot.filled = true;
    if (added) this.#options.log.info({ partition: partition.key, added }, 'an index collection was filled from redis');
  }

  /** Looks what the server has, also from other processes and earlier runs, and lets the least used go where it is full. */
  async #makeRoom(partition: Partition): Promise<boolean> {
    this.#slots.sync(await this.#server.list(family), (name) => !name.startsWith(prefix));
    if (this.#slots.has(nameOf(partition))) return true;
    while (this.#slots.size >= this.#options.maximumCollections()) {
      const needy = (await this.#options.source.size(partition)) > scanLimit;
      const name = this.#slots.evictable(needy);
      if (name === undefined) return false;
      this.#slots.forget(name);
      await this.#delete(name);
    }
    return true;
  }

  #change<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#changes.then(change, change);
    // Whoever asked for a change hears of its failure; the next one waits only for its end.
    this.#changes = result.catch(() => undefined);
    return result;
  }

  async #write({ partition, writes }: Batch): Promise<void> {
    const name = nameOf(partition);
    const collection = this.#slots.touch(name)?.collection;
    if (!collection) return;
    try {
      await collection.upsert([...writes].flatMap(([id, vector]) => (vector ? [{ id, vector }] : [])));
      await collection.remove([...writes].flatMap(([id, vector]) => (vector ? [] : [id])));
    } catch (err) {
      // Redis has what was to be written: the collection is compared with it when it is next opened.
      this.#slots.forget(name);
      this.#options.log.warn({ err, partition: partition.key }, 'an index collection could not be written to');
    }
  }

  async #delete(name: string): Promise<void> {
    try {
      await this.#server.delete(name);
    } catch (err) {
      // Gone already, or the server is: then its content is compared with Redis when it is next opened.
      this.#options.log.debug({ err, name }, 'an index collection could not be deleted');
    }
  }

  async #beat(): Promise<void> {
    const was = this.#ready;
    try {
      await this.#server.heartbeat();
      this.#ready = true;
    } catch {
      // Said below, once.
      this.#ready = false;
    }
    if (was && !this.#ready) {
      this.#options.log.warn({}, 'chroma is not reachable; the semantic level looks into small partitions only');
      // It may come back empty, or as it was an hour ago.
      this.#slots.clear();
      this.#queue.clear();
    } else if (!was && this.#ready) this.#options.log.info({}, 'chroma answers');
  }
}
