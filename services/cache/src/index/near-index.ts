import type { Partition } from '../entries/partition.ts';

/** Partitions up to this many entries can be compared in process: 1,000 vectors take less than a query to Chroma. */
export const scanLimit = 1000;

/** How far a rebuild is: vectors, and the partition being built. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly partition: string;
}

/** Finds the entries of a partition whose questions are nearest in meaning. Only names come back; Redis has the truth. */
export interface NearIndex {
  /** Whether it answers now. */
  readonly ready: boolean;
  /** What waits to be written: vectors, and collections being opened or filled. */
  readonly pending: number;
  /** Collections on the server. */
  readonly collections: number;
  /** What was listed to leave the index and is still in it, of all tenants. */
  readonly leaving: number;
  /** What is kept in process. */
  readonly hot: { readonly partitions: number; readonly vectors: number };
  /** Told before a lookup, beside whatever else is asked: it learns what other processes have changed. Never throws. */
  prepare(partition: Partition): Promise<void>;
  /**
   * Ids of the nearest entries by what is in process, before `prepare`; undefined where that is not all. `query` gives the same list, without
   * a second search, if nothing has changed in between.
   */
  peek(partition: Partition, vector: Float32Array, count: number): readonly string[] | undefined;
  /**
   * Ids of the nearest entries, a few more than `count` where some are not written yet; undefined where the index cannot say: the partition
   * is not in process, and has no collection, or one that is still being filled and the partition (of `size` entries) is small enough to be
   * compared without. @throws RefrainError `unavailable` (CHROMA_DOWN)
   */
  query(
    partition: Partition,
    vector: Float32Array,
    count: number,
    size: number,
  ): Promise<readonly string[] | undefined>;
  /** Takes a vector that Redis has to be written soon; never waits. */
  add(partition: Partition, id: string, vector: Float32Array): void;
  /** Takes entries out, as far as they are there and the index answers. */
  remove(partition: Partition, ids: readonly string[]): void;
  /** Forgets a whole partition here; its collection goes when it is listed. */
  drop(partition: Partition): void;
  /**
   * To be told before entries (without ids: a whole partition) are removed from Redis: what was listed leaves the index in any case, though
   * Chroma or this process should be away at that moment. @throws RefrainError `unavailable` where Redis does not answer
   */
  list(partition: Partition, ids?: readonly string[]): Promise<void>;
  /** Takes out what was listed, within half a second. Gives how much of a tenant's the index still has then. @throws RefrainError `unavailable` */
  settle(tenant: string): Promise<number>;
  /** Lets go what is kept in process of tenants that were erased. */
  forget(isErased: (tenant: string) => boolean): void;
  /**
   * Builds the index of a tenant (by what its keys begin with), or of all, anew from Redis, while the old one answers.
   * @throws RefrainError `overloaded` (REBUILD_UNDER_WAY), `unavailable`
   */
  rebuild(prefix: string | undefined): AsyncGenerator<Progress>;
  stop(): Promise<void>;
}

/** An index that other processes write to themselves, so that there is nothing to learn before a lookup. */
export type SharedIndex = Omit<
  NearIndex,
  'forget' | 'hot' | 'leaving' | 'list' | 'peek' | 'prepare' | 'rebuild' | 'settle'
> & {
  /** Opens the partition's collection where it is lost, for the day when it is asked. */
  keepOpen(partition: Partition): void;
};

/** Where the index reads what it has to hold. */
export interface NearSource {
  size(partition: Partition): Promise<number>;
  /** All ids of a partition, those that live longest first. */
  ids(partition: Partition): Promise<string[]>;
  /** Those of some ids that are there, whatever their time. */
  present(partition: Partition, ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** The vectors of some of them. */
  vectors(
    partition: Partition,
    ids: readonly string[],
  ): Promise<{ readonly id: string; readonly vector: Float32Array }[]>;
}
