import { BoundedMap } from '@refrain/resilience';
import type { Vector } from '../embedder/vector.ts';

/** Vectors kept in process, 1.5 KB each, so that comparing a small partition does not read its answers again. */
const maximumKnown = 20_000;

/** Where vectors are read that are not known. */
export interface VectorSource {
  /** What an entry is called among those of all partitions. */
  readonly nameOf: (id: string) => string;
  /** The vectors of those ids, in their order; undefined for one that is not there. */
  readonly read: (ids: readonly string[]) => Promise<readonly ({ readonly vector: Float32Array } | undefined)[]>;
}

/**
 * Vectors of entries by the entry's name. A vector follows from the question, and the question is hashed into the name: it never changes.
 * Whether its entry is still there is another question.
 */
export class KnownVectors {
  #known: BoundedMap<string, Float32Array> = new BoundedMap(maximumKnown);
  readonly #reading: Map<string, Promise<void>> = new Map();

  set(name: string, vector: Float32Array): void {
    this.#known.set(name, vector);
  }

  delete(name: string): void {
    this.#known.delete(name);
  }

  clear(): void {
    this.#known = new BoundedMap(maximumKnown);
  }

  /**
   * The vectors of a partition's ids, as far as they are there. Askers of one partition wait for each other, so that each entry is read
   * once. Rejects with what `read` rejects with.
   */
  async of(partition: string, ids: readonly string[], { nameOf, read }: VectorSource): Promise<Vector[]> {
    const isUnknown = (id: string) => !this.#known.get(nameOf(id));
    if (ids.some(isUnknown)) {
      await this.#inTurn(partition, async () => {
        const unknown = ids.filter(isUnknown);
        const found = await read(unknown);
        for (const [i, id] of unknown.entries()) {
          const entry = found[i];
          if (entry) this.#known.set(nameOf(id), entry.vector);
        }
      });
    }
    return ids.flatMap((id) => {
      const vector = this.#known.get(nameOf(id));
      return vector ? [{ id, vector }] : [];
    });
  }

  async #inTurn(partition: string, read: () => Promise<void>): Promise<void> {
    const reading = (this.#reading.get(partition) ?? Promise.resolve()).then(read);
    // Who waits behind a reading that failed reads for itself.
    const settled = reading.catch(() => undefined);
    this.#reading.set(partition, settled);
    void settled.then(() => {
      if (this.#reading.get(partition) === settled) this.#reading.delete(partition);
    });
    await reading;
  }
}
