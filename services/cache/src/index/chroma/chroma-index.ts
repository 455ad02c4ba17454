/**
 * Chroma as a rebuildable index: a collection for each of the busiest partitions. It is never believed (every hit is checked against
 * Redis), and whenever it may have lost or kept too much, its collection is opened anew, which compares it with Redis: after a start,
 * after a failed write, and after the server was away. A collection can also be built anew as the next generation, beside the one that
 * answers meanwhile.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { RefrainError } from '@refrain/errors';
import { Breaker, withTimeout } from '@refrain/resilience';
import type { Logger } from '@refrain/service';
import { nearest } from '../../embedder/vector.ts';
import type { Partition } from '../../entries/partition.ts';
import { type NearSource, type SharedIndex, scanLimit } from '../near-index.ts';
import { type ChromaCollection, ChromaServer, isBroken, isGone } from './chroma-server.ts';
import { nameOf } from './collection-names.ts';
import { fill, put } from './fill.ts';
import type { Generation, Generations } from './generations.ts';
import { Openings } from './openings.ts';
import { beatMs, Pulse } from './pulse.ts';
import { Slots } from './slots.ts';
import { type Batch, WriteQueue } from './write-queue.ts';

/** What the index stands on. */
export interface ChromaIndexOptions {
  readonly url: string;
  readonly log: Logger;
  readonly maximumCollections: () => number;
  readonly source: NearSource;
  readonly generations: Generations;
  /** Hears that a collection holds more removed vectors than live ones, or that the server cannot use it. */
  readonly onWorn?: (partition: Partition) => void;
  readonly nowMs?: () => number;
}

/** How long writes are collected: Chroma takes 3.5 ms of processor time for each vector at 40 ms, 2.3 at 100, no less beyond. */
const writeDelayMs = 100;
const stopMs = 500;
/** By then every process has heard that another generation counts. */
const graceMs = 2 * beatMs;
/** Fewer removed vectors than these wear no collection. */
const wornAt = 1000;
/** So many queries in a row that the server could not answer make a collection a broken one. */
const brokenAt = 3;

/** The semantic level's index on a Chroma server. */
export class ChromaNearIndex implements SharedIndex {
  readonly #server: ChromaServer;
  readonly #pulse: Pulse;
  readonly #options: ChromaIndexOptions;
  readonly #breaker: Breaker = new Breaker({ failures: 3, cooldownMs: 500, name: 'Chroma' });
  readonly #slots: Slots<ChromaCollection>;
  readonly #queue: WriteQueue = new WriteQueue((batch) => this.#write(batch), writeDelayMs);
  readonly #openings: Openings;
  /** Next generations being built, by partition key. */
  readonly #building: Map<string, ChromaCollection> = new Map();

  constructor(options: ChromaIndexOptions) {
    this.#server = new ChromaServer(options.url);
    this.#options = options;
    this.#slots = new Slots(options.nowMs);
    this.#pulse = new Pulse({
      server: this.#server,
      log: options.log,
      // It may come back empty, or as it was an hour ago.
      onLost: () => {
        this.#slots.clear();
        this.#queue.clear();
      },
      onBeat: () => void this.#follow(),
    });
    this.#openings = new Openings({
      ...options,
      server: this.#server,
      slots: this.#slots,
      isReady: () => this.#pulse.ready,
    });
  }

  get ready(): boolean {
    return this.#pulse.ready;
  }

  get pending(): number {
    return this.#queue.pending + this.#openings.pending + this.#building.size;
  }

  get collections(): number {
    return this.#slots.size;
  }

  async query(partition: Partition, vector: Float32Array, count: number, size: number): Promise<string[] | undefined> {
    const slot = this.#slots.touch(partition.key);
    if (!slot?.collection) this.#openings.openSoon(partition);
    if (!slot?.collection || !this.#pulse.ready) return undefined;
    const { collection, filled } = slot;
    if (!filled && size <= scanLimit) return undefined;
    try {
      // What waits to be written can be found already.
      const unwritten = nearest(vector, [...this.#queue.unwritten(partition.key)], count);
      const written = await this.#breaker.run(() => collection.query(vector, count), isOfServer);
      slot.broken = 0;
      return unwritten.length === 0 ? written : [...new Set([...unwritten, ...written])];
    } catch (cause) {
      if (isGone(cause)) this.#slots.forget(partition.key);
      if (isBroken(cause)) this.#count(partition, slot);
      throw new RefrainError('unavailable', 'Chroma did not answer.', { cause, reason: 'CHROMA_DOWN' });
    }
  }

  /** Opens the partition's collection where it is lost, for the day when it is asked. */
  keepOpen(partition: Partition): void {
    if (!this.#slots.touch(partition.key)?.collection) this.#openings.openSoon(partition);
  }

  add(partition: Partition, id: string, vector: Float32Array): void {
    const slot = this.#slots.touch(partition.key);
    const isBuilding = this.#building.has(partition.key);
    // A collection that is opened later is filled from Redis, which has this entry.
    if (!slot?.collection) this.#openings.openSoon(partition);
    if (!slot?.collection && !isBuilding) return;
    if (!this.#queue.put(partition, id, vector)) this.#slots.forget(partition.key);
  }

  remove(partition: Partition, ids: readonly string[]): void {
    if (!this.#slots.has(partition.key) && !this.#building.has(partition.key)) return;
    for (const id of ids) this.#queue.remove(partition, id);
  }

  drop(partition: Partition): void {
    this.#queue.discard(partition.key);
    this.#slots.forget(partition.key);
  }

  /**
   * Builds the next generation of a partition's collection from `source` and lets it count from then on; until then the old one answers,
   * and both get what is written. Yields how many vectors it took in, page by page; who stops listening stops it.
   * @throws RefrainError `unavailable` where Chroma or Redis does not answer: then the old one still counts
   */
  async *rebuild(key: string, old: Generation, source: NearSource): AsyncGenerator<number> {
    const partition = { tenant: '', key };
    const next = { ...old, number: old.number + 1 };
    const name = nameOf(key, next.number);
    // What an attempt that was broken off has left.
    await this.#openings.delete(name);
    const collection = await this.#server.open(name);
    this.#building.set(key, collection);
    let counts = false;
    try {
      yield* fill(collection, partition, source);
      await this.#options.generations.set(key, next);
      counts = true;
    } catch (err) {
      // The whole partition was removed meanwhile: nothing is left to build.
      if (isGone(err) && !(await this.#options.generations.all()).has(key)) return;
      throw err;
    } finally {
      this.#building.delete(key);
      if (!counts) await this.#openings.delete(name);
    }
    this.#slots.open(key, name, collection);
    // Other processes write to the old one until they hear of it; what they wrote is in Redis.
    if ((await source.size(partition)) > scanLimit) await pause(graceMs);
    await this.#openings.delete(nameOf(key, old.number));
    yield* fill(collection, partition, source);
    this.#slots.fill(key, name);
  }

  async stop(): Promise<void> {
    this.#pulse.stop();
    try {
      await withTimeout(this.#queue.stop(), stopMs, 'The last index write');
    } catch {
      // A server that hangs keeps nobody from stopping: what is not in the index is in Redis.
    }
  }

  async #write({ partition, writes }: Batch): Promise<void> {
    const { key } = partition;
    const slot = this.#slots.touch(key);
    const added = [...writes].flatMap(([id, vector]) => (vector ? [{ id, vector }] : []));
    const removed = [...writes].flatMap(([id, vector]) => (vector ? [] : [id]));
    try {
      for (const collection of [slot?.collection, this.#building.get(key)]) {
        if (!collection) continue;
        await put(collection, partition, added, this.#options.source);
        await collection.remove(removed);
      }
      if (slot) await this.#wear(partition, slot, removed.length);
    } catch (err) {
      // Redis has what was to be written: the collection is compared with it when it is next opened, or when it is built.
      this.#slots.forget(key);
      this.#options.log.warn({ err, partition: key }, 'an index collection could not be written to');
      // Another process has built the next generation.
      if (isGone(err)) this.#openings.openSoon(partition);
    }
  }

  async #wear(partition: Partition, slot: { removed: number }, removed: number): Promise<void> {
    slot.removed += removed;
    if (slot.removed <= wornAt || slot.removed <= (await this.#options.source.size(partition))) return;
    slot.removed = 0;
    this.#options.onWorn?.(partition);
  }

  #count(partition: Partition, slot: { broken: number }): void {
    slot.broken += 1;
    if (slot.broken % brokenAt === 0) this.#options.onWorn?.(partition);
  }

  /** Hears which generations count by now: another process may have built one, or Redis may have lost its memory. */
  async #follow(): Promise<void> {
    const before = this.#slots.opened();
    try {
      const all = await this.#options.generations.all();
      for (const [key, name] of before) {
        const counts = all.get(key);
        if (name !== (counts && nameOf(key, counts.number))) this.#slots.forget(key, name);
      }
    } catch (err) {
      this.#options.log.debug({ err }, 'the generations of the index could not be read');
    }
  }
}

/** What is wrong with one collection says nothing about the others. */
function isOfServer(error: unknown): boolean {
  return !isGone(error) && !isBroken(error);
}
