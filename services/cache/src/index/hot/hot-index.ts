/**
 * The busiest partitions in process, where a search takes a tenth of a millisecond instead of Chroma's four. A partition is read in when
 * it is looked into and there is room (`HotPartitions`). Answers come only from partitions that have been read in whole. They are kept
 * in step by this process' own writes and by the journal of all others', and compared with Redis again where the journal has a gap or
 * the numbers drift apart.
 */
import type { Logger } from '@refrain/service';
import type { Partition } from '../../entries/partition.ts';
import type { NearSource } from '../near-index.ts';
import { type Hot, HotPartitions } from './hot-partitions.ts';
import type { MakeGraph } from './hot-vectors.ts';
import type { Change, Journal } from './journal.ts';
import { inSlices } from './slices.ts';

/** What the hot index stands on. */
export interface HotIndexOptions {
  readonly makeGraph: MakeGraph;
  readonly log: Logger;
  /** Vectors of all partitions together; 0 turns it off. */
  readonly maximumVectors: () => number;
  readonly source: NearSource;
  readonly journal: Journal;
  readonly nowMs?: () => number;
}

/** Entries read at once; with answers of a few KB decoding them stays near a millisecond. */
const pageEntries = 32;
/** Reading that failed goes on after this time, with what is missing. */
const pauseMs = 1000;
/** Numbers that differ lead to no more than one comparison in this time. */
const compareMs = 10_000;

/** Keeps partitions hot. */
export class HotIndex {
  readonly #options: HotIndexOptions;
  readonly #nowMs: () => number;
  readonly #hot: HotPartitions;
  #fills: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: HotIndexOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#hot = new HotPartitions({ ...options, nowMs: this.#nowMs });
  }

  /** Vectors held, of all partitions. */
  get vectors(): number {
    return this.#hot.vectors;
  }

  get partitions(): number {
    return this.#hot.size;
  }

  /** Partitions being read in or compared. */
  get pending(): number {
    return this.#hot.filling;
  }

  /** Learns what others have changed. @throws RefrainError `unavailable` where Redis does not answer */
  async catchUp(partition: Partition): Promise<void> {
    const hot = this.#hot.get(partition.key);
    if (!hot?.filled || hot.place === undefined) return;
    const nowMs = this.#nowMs();
    const news = await this.#options.journal.since(partition, hot.place, nowMs - hot.placedAtMs);
    if (!news) {
      hot.filled = false;
      hot.place = undefined;
      this.#fillSoon(hot);
      return;
    }
    // The last change of an id says what holds: one that went and came again may be here already, by this process' own hand.
    const last = new Map(news.changes.map(({ id, came }) => [id, came]));
    const fresh = [...last].flatMap(([id, came]) => (came && !hot.vectors.has(id) ? [id] : []));
    if (fresh.length > 0) await hot.vectors.addRead(() => this.#options.source.vectors(partition, fresh));
    for (const [id, came] of last) if (!came) hot.vectors.remove(id);
    hot.place = news.end;
    hot.placedAtMs = nowMs;
    if (fresh.length > 0) this.#hot.trim();
  }

  /** As `query`, of what is known now; undefined also where others may have changed it unheard. */
  peek({ key }: Partition, vector: Float32Array, count: number): readonly string[] | undefined {
    const hot = this.#hot.get(key);
    return hot?.filled ? hot.vectors.guess(vector, count) : undefined;
  }

  /** Ids of the nearest entries of a partition of `size`; undefined where it is not hot (yet). */
  query(partition: Partition, vector: Float32Array, count: number, size: number): readonly string[] | undefined {
    const hot = this.#hot.touch(partition.key) ?? (this.#stopped ? undefined : this.#hot.welcome(partition, size));
    if (!hot) return undefined;
    // What expired is still here until somebody sweeps it; what no journal told is missing.
    const hasDrifted = Math.abs(hot.vectors.size + hot.gone - size) > Math.max(100, size / 10);
    if (!hot.filled || (hasDrifted && this.#nowMs() - hot.comparedAtMs > compareMs)) this.#fillSoon(hot);
    return hot.filled ? hot.vectors.nearest(vector, count) : undefined;
  }

  /** Takes in what Redis has, and tells the other processes. */
  add(partition: Partition, id: string, vector: Float32Array): void {
    this.#hot.get(partition.key)?.vectors.add(id, vector);
    this.#hot.trim();
    this.#tell(partition, [{ id, came: true }]);
  }

  /** Takes out, and tells the other processes. */
  remove(partition: Partition, ids: readonly string[]): void {
    if (ids.length === 0) return;
    const hot = this.#hot.get(partition.key);
    for (const id of ids) hot?.vectors.remove(id);
    this.#tell(
      partition,
      ids.map((id) => ({ id, came: false })),
    );
  }

  /** Forgets all partitions of some tenants. */
  forgetTenants(isErased: (tenant: string) => boolean): void {
    this.#hot.forgetTenants(isErased);
  }

  /** Forgets a partition; it is read in again when it is next looked into. */
  forget(partition: Partition): void {
    this.#hot.forget(partition.key);
  }

  stop(): void {
    this.#stopped = true;
    this.#hot.clear();
  }

  #tell(partition: Partition, changes: Change[]): void {
    if (this.#options.maximumVectors() === 0) return;
    this.#options.journal.write(partition, changes).catch((err) => {
      // Others do not hear of it: they find out when their numbers drift, and what is gone is seen when it is looked up.
      this.#options.log.debug({ err, partition: partition.key }, 'a change was not written to the journal');
    });
  }

  /** Reads in, or compares, in the background: one partition after the other. */
  #fillSoon(hot: Hot): void {
    if (hot.filling || this.#nowMs() - hot.failedAtMs < pauseMs) return;
    hot.filling = true;
    this.#fills = this.#fills
      .then(() => this.#fill(hot))
      .catch((err) => {
        hot.failedAtMs = this.#nowMs();
        const { key } = hot.partition;
        this.#options.log.warn({ err, partition: key }, 'a partition could not be read into the hot index yet');
      })
      .finally(() => {
        hot.filling = false;
      });
  }

  async #fill(hot: Hot): Promise<void> {
    const { source, journal } = this.#options;
    const { partition, vectors } = hot;
    const breathe = inSlices();
    const placedAtMs = this.#nowMs();
    // In this order: what comes later is in the journal, or was put in by this process.
    const place = await journal.end(partition);
    const before = vectors.ids();
    const wanted = await source.ids(partition);
    const there = new Set<string>();
    const missing: string[] = [];
    for (const id of wanted) {
      there.add(id);
      if (!vectors.has(id)) missing.push(id);
      await breathe();
    }
    for (const id of before) {
      if (!there.has(id)) vectors.remove(id);
      await breathe();
    }
    for (let from = 0; from < missing.length; from += pageEntries) {
      // It may have had to make room meanwhile.
      if (this.#hot.get(partition.key) !== hot) return;
      await vectors.addRead(() => source.vectors(partition, missing.slice(from, from + pageEntries)), breathe);
    }
    this.#hot.trim();
    hot.gone = Math.max(0, wanted.length - vectors.size);
    hot.place = place;
    hot.placedAtMs = placedAtMs;
    hot.comparedAtMs = this.#nowMs();
    hot.filled = true;
  }
}
