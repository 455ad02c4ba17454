/** Collects index writes into batches: one upsert of a single vector costs Chroma about 30 ms, one of 200 about 150. */

/** What one partition has to have written. */
export interface Batch<P> {
  readonly partition: P;
  /** A vector to put, or null to take the id out. */
  readonly writes: Map<string, Float32Array | null>;
}

const maximumPending = 20_000;

/** Hands each partition's writes to `flush` a short while after the first of them. Batches that fail are tried again. */
export class WriteQueue<P extends { readonly key: string }> {
  readonly #flush: (batch: Batch<P>) => Promise<void>;
  readonly #delayMs: number;
  readonly #batches: Map<string, Batch<P>> = new Map();
  #pending = 0;
  #inFlight = 0;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(flush: (batch: Batch<P>) => Promise<void>, delayMs: number) {
    this.#flush = flush;
    this.#delayMs = delayMs;
  }

  /** Writes not yet done. */
  get pending(): number {
    return this.#pending + this.#inFlight;
  }

  /** Takes a write; a later one for the same id replaces it. When too much waits it is dropped: Redis has it, a rebuild brings it back. */
  put(partition: P, id: string, vector: Float32Array | null): void {
    if (this.#stopped || this.#pending >= maximumPending) return;
    const batch = this.#batches.get(partition.key) ?? { partition, writes: new Map() };
    this.#batches.set(partition.key, batch);
    if (!batch.writes.has(id)) this.#pending += 1;
    batch.writes.set(id, vector);
    this.#schedule(this.#delayMs);
  }

  /** Drops what waits for a partition. */
  discard(key: string): void {
    this.#pending -= this.#batches.get(key)?.writes.size ?? 0;
    this.#batches.delete(key);
  }

  /** Stops taking writes and waits for the running batch. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(delayMs: number): void {
    if (this.#timer || this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#flushAll();
    }, delayMs);
  }

  async #flushAll(): Promise<void> {
    const batches = [...this.#batches.values()];
    this.#batches.clear();
    this.#inFlight = this.#pending;
    this.#pending = 0;
    let failed = false;
    for (const batch of batches) {
      try {
        await this.#flush(batch);
      } catch {
        // The index is down; the flush has said so. Newer writes of the same ids win.
        failed = true;
        for (const [id, vector] of batch.writes) {
          if (!this.#batches.get(batch.partition.key)?.writes.has(id)) this.put(batch.partition, id, vector);
        }
      }
      this.#inFlight -= batch.writes.size;
    }
    this.#timer = undefined;
    if (this.#batches.size > 0) this.#schedule(failed ? 500 : this.#delayMs);
  }
}
