/** Finds the entries of a partition whose questions are nearest in meaning. Only names come back; Redis has the truth. */
export interface NearIndex {
  /** Whether it answers now. */
  readonly ready: boolean;
  /** Vectors that wait to be written. */
  readonly pending: number;
  /** Partitions that have a collection. */
  readonly collections: number;
  /**
   * Ids of the nearest entries, nearest first; undefined where this partition has no collection (yet).
   * @throws RefrainError `unavailable` or `deadline`
   */
  query(partition: Partition, vector: Float32Array, count: number): Promise<string[] | undefined>;
  /** Takes a vector to be written soon; never waits. */
  add(partition: Partition, id: string, vector: Float32Array): void;
  /** Takes entries out, as far as they are there. */
  remove(partition: Partition, ids: readonly string[]): void;
  /** Forgets a whole partition. */
  drop(partition: Partition): void;
  stop(): Promise<void>;
}

/** A tenant's set of questions that may answer each other. */
export interface Partition {
  readonly tenant: string;
  readonly key: string;
}
