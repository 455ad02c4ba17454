/** Collects index writes into batches: one upsert of a single vector costs Chroma about 30 ms, one of 200 about 150. */
import type { Partition } from '../../entries/partition.ts';

/** What one partition has to have written. */
export interface Batch {
  readonly partition: Partition;
  /** A vector to put, or null to take the id out. */
  readonly writes: ReadonlyMap<string, Float32Array | null>;
}

const maximumPending = 20_000;

/** Hands each partition's writes to `flush` a short while after the first of them. `flush` must not throw. */
export class WriteQueue {
  readonly #flush: (batch: Batch) => Promise<void>;
  readonly #delayMs: number;
  readonly #batches: Map<string, { partition: Partition; writes: Map<string, Float32Array | null> }> = new Map();
  #flushing: Batch | undefined;
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(flush: (batch: Batch) => Promise<void>, delayMs: number) {
    this.#flush = flush;
    this.#delayMs = delayMs;
  }

  /** Writes not yet done. */
  get pending(): number {
    return this.#waiting + (this.#flushing?.writes.size ?? 0);
  }

  /** The vectors of a partition that are not written yet. */
  *unwritten(key: string): Generator<{ id: string; vector: Float32Array }> {
    for (const batch of [this.#flushing, this.#batches.get(key)]) {
      if (batch?.partition.key !== key) continue;
      for (const [id, vector] of batch.writes) if (vector) yield { id, vector };
    }
  }

  /** Takes a vector; false when too much waits. */
  put(partition: Partition, id: string, vector: Float32Array): boolean {
    if (this.#waiting >= maximumPending) return false;
    this.#write(partition, id, vector);
    return true;
  }

  /** Takes an id to be removed. A vector that waits under it is newer than what was found stale, and stays. */
  remove(partition: Partition, id: string): void {
    if (this.#batches.get(partition.key)?.writes.has(id) || this.#waiting >= maximumPending) return;
    this.#write(partition, id, null);
  }

  /** Drops what waits for a partition. */
  discard(key: string): void {
    this.#waiting -= this.#batches.get(key)?.writes.size ?? 0;
    this.#batches.delete(key);
  }

  /** Drops what waits. */
  clear(): void {
    for (const key of [...this.#batches.keys()]) this.discard(key);
  }

  /** Drops what waits, and resolves when the running batch is done. */
  async stop(): Promise<void> {
    this.clear();
    clearTimeout(this.#timer);
    await this.#running;
  }

  #write(partition: Partition, id: string, vector: Float32Array | null): void {
    let batch = this.#batches.get(partition.key);
    if (!batch) {
      batch = { partition, writes: new Map() };
      this.#batches.set(partition.key, batch);
    }
    if (!batch.writes.has(id)) this.#waiting += 1;
    batch.writes.set(id, vector);
    this.#timer ??= setTimeout(() => {
      this.#running = this.#flushAll();
    }, this.#delayMs);
  }

  /** One partition after the other; what comes meanwhile is in the next round. */
  async #flushAll(): Promise<void> {
    while (this.#batches.size > 0) {
      const [[key, batch] = []] = this.#batches;
      if (!key || !batch) break;
      this.#batches.delete(key);
      this.#waiting -= batch.writes.size;
      this.#flushing = batch;
      await this.#flush(batch);
      this.#flushing = undefined;
    }
    this.#timer = undefined;
  }
}
