/**
 * Which partitions are in process, decided by use: there is room for a number of vectors, of all of them together. Where it does not
 * suffice for one that is looked into, the one that was not used for longest goes, if it has rested for a while.
 */
import type { Partition } from '../../entries/partition.ts';
import { HotVectors, type MakeGraph } from './hot-vectors.ts';
import type { Place } from './journal.ts';

/** One partition in process, and how far it is in step with Redis. */
export interface Hot {
  readonly partition: Partition;
  readonly vectors: HotVectors;
  usedAtMs: number;
  /** What it had in Redis when it was welcomed. */
  readonly size: number;
  /** Read in whole. */
  filled: boolean;
  /** How far the journal is known; undefined where it has a gap. */
  place: Place | undefined;
  /** When that was read. */
  placedAtMs: number;
  filling: boolean;
  failedAtMs: number;
  comparedAtMs: number;
  /** Entries that Redis named and no longer had when it was last compared: evicted ones. */
  gone: number;
}

/** What a graph takes beside its vectors, in vectors. */
const graphCost = 50;
/** A partition that was used within this time does not make room for another. */
const restingMs = 60_000;

/** The partitions in process. */
export class HotPartitions {
  readonly #options: { makeGraph: MakeGraph; maximumVectors: () => number; nowMs: () => number };
  /** By partition key, least recently used first. */
  readonly #hot: Map<string, Hot> = new Map();

  constructor(options: { makeGraph: MakeGraph; maximumVectors: () => number; nowMs: () => number }) {
    this.#options = options;
  }

  get size(): number {
    return this.#hot.size;
  }

  /** Vectors held, of all partitions. */
  get vectors(): number {
    let vectors = 0;
    for (const each of this.#hot.values()) vectors += each.vectors.size;
    return vectors;
  }

  /** Partitions being read in or compared. */
  get filling(): number {
    let filling = 0;
    for (const each of this.#hot.values()) if (each.filling) filling += 1;
    return filling;
  }

  get(key: string): Hot | undefined {
    return this.#hot.get(key);
  }

  /** The partition, marked as used now. */
  touch(key: string): Hot | undefined {
    const hot = this.#hot.get(key);
    if (!hot) return undefined;
    hot.usedAtMs = this.#options.nowMs();
    this.#hot.delete(key);
    this.#hot.set(key, hot);
    return hot;
  }

  /** Takes in a partition of `size`, with nothing in it yet; undefined where there is no room. */
  welcome(partition: Partition, size: number): Hot | undefined {
    if (!this.#makeRoom(size + graphCost)) return undefined;
    const hot: Hot = {
      ...{ partition, vectors: new HotVectors(this.#options.makeGraph), size, usedAtMs: this.#options.nowMs() },
      ...{ filled: false, place: undefined, placedAtMs: 0, filling: false },
      ...{ failedAtMs: Number.NEGATIVE_INFINITY, comparedAtMs: Number.NEGATIVE_INFINITY, gone: 0 },
    };
    this.#hot.set(partition.key, hot);
    return hot;
  }

  /** Partitions have grown, or the maximum was made smaller: the least recently used go, rested or not. */
  trim(): void {
    const maximum = this.#options.maximumVectors();
    for (const key of this.#hot.keys()) {
      if (this.#cost <= maximum) return;
      this.#hot.delete(key);
    }
  }

  forget(key: string): void {
    this.#hot.delete(key);
  }

  forgetTenants(isErased: (tenant: string) => boolean): void {
    for (const [key, { partition }] of this.#hot) if (isErased(partition.tenant)) this.#hot.delete(key);
  }

  clear(): void {
    this.#hot.clear();
  }

  get #cost(): number {
    let cost = this.#hot.size * graphCost;
    for (const { filled, size, vectors } of this.#hot.values())
      cost += filled ? vectors.size : Math.max(size, vectors.size);
    return cost;
  }

  /** Lets those that rest go until there is room. */
  #makeRoom(cost: number): boolean {
    const maximum = this.#options.maximumVectors();
    if (cost > maximum) return false;
    while (this.#cost + cost > maximum) {
      const [oldest] = this.#hot.values();
      if (!oldest || this.#options.nowMs() - oldest.usedAtMs < restingMs) return false;
      this.#hot.delete(oldest.partition.key);
    }
    return true;
  }
}
