/**
 * Opens collections and fills them from Redis, in the background: opening, evicting and deleting one after the other, and filling likewise,
 * which may take long. There are never more than a maximum: the least used go.
 */
import { BoundedMap } from '@refrain/resilience';
import type { Logger } from '@refrain/service';
import type { Partition } from '../../entries/partition.ts';
import { type NearSource, scanLimit } from '../near-index.ts';
import type { ChromaCollection, ChromaServer } from './chroma-server.ts';
import { family, nameOf, sortNames } from './collection-names.ts';
import { fillWhole } from './fill.ts';
import type { Generations } from './generations.ts';
import type { Slots } from './slots.ts';

/** What opening stands on. */
export interface OpeningsOptions {
  readonly server: ChromaServer;
  readonly slots: Slots<ChromaCollection>;
  readonly generations: Generations;
  readonly source: NearSource;
  readonly maximumCollections: () => number;
  readonly isReady: () => boolean;
  readonly log: Logger;
}

/** A collection that could not be opened or filled, or found no room, is left alone this long. */
const pauseMs = 1000;

/** Collections on their way to be of use. */
export class Openings {
  readonly #options: OpeningsOptions;
  /** By partition key. */
  readonly #opening: Map<string, Promise<void>> = new Map();
  readonly #failedAt: BoundedMap<string, number> = new BoundedMap(1000);
  #changes: Promise<unknown> = Promise.resolve();
  #fills: Promise<number> = Promise.resolve(0);

  constructor(options: OpeningsOptions) {
    this.#options = options;
  }

  /** Collections being opened and filled. */
  get pending(): number {
    return this.#opening.size;
  }

  /** Opens and fills a partition's collection, once at a time. Never waits, never fails. */
  openSoon(partition: Partition): void {
    const { isReady, slots, log } = this.#options;
    const { key } = partition;
    const failedAt = this.#failedAt.get(key) ?? Number.NEGATIVE_INFINITY;
    if (!isReady() || this.#opening.has(key) || performance.now() - failedAt < pauseMs) return;
    const job = this.#open(partition)
      .catch((err) => {
        slots.forget(key);
        this.#failedAt.set(key, performance.now());
        log.warn({ err, partition: key }, 'an index collection could not be filled');
      })
      .finally(() => this.#opening.delete(key));
    this.#opening.set(key, job);
  }

  /** Deletes a collection, if it can be. Never throws. */
  async delete(name: string): Promise<void> {
    try {
      await this.#options.server.delete(name);
    } catch (err) {
      // Gone already, or the server is: then its content is compared with Redis when it is next opened.
      this.#options.log.debug({ err, name }, 'an index collection could not be deleted');
    }
  }

  async #open(partition: Partition): Promise<void> {
    const { generations, server, slots, source, log } = this.#options;
    const { key } = partition;
    const opened = await this.#change(async () => {
      if (!slots.has(key) && !(await this.#makeRoom(partition))) return undefined;
      const name = nameOf(key, await generations.of(partition));
      return { name, collection: await server.open(name) };
    });
    if (!opened) {
      this.#failedAt.set(key, performance.now());
      return;
    }
    const { name, collection } = opened;
    const slot = slots.open(key, name, collection);
    const fillNow = () => fillWhole(collection, partition, source);
    this.#fills = this.#fills.then(fillNow, fillNow);
    const added = await this.#fills;
    slot.filled = true;
    if (added) log.debug({ partition: key, added }, 'an index collection was filled from redis');
  }

  /** Looks what the server has, also from other processes and earlier runs, and lets the least used go where it is full. */
  async #makeRoom(partition: Partition): Promise<boolean> {
    const { generations, maximumCollections, server, slots, source } = this.#options;
    slots.sync(sortNames(await server.list(family), await generations.all()));
    if (slots.has(partition.key)) return true;
    while (slots.size >= maximumCollections()) {
      const needy = (await source.size(partition)) > scanLimit;
      const going = slots.evictable(needy);
      if (going === undefined) return false;
      slots.forget(going.key);
      // First, so that a collection that cannot be deleted now is known to count for nothing.
      await generations.forget(going.key);
      await this.delete(going.name);
    }
    return true;
  }

  #change<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#changes.then(change, change);
    // Whoever asked for a change hears of its failure; the next one waits only for its end.
    this.#changes = result.catch(() => undefined);
    return result;
  }
}
