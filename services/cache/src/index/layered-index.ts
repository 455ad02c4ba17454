/** The semantic level's index: the hot partitions first, Chroma for all others, and for those that are being read in. */
import { setTimeout as pause } from 'node:timers/promises';
import { RefrainError } from '@refrain/errors';
import type { Logger } from '@refrain/service';
import type { Partition } from '../entries/partition.ts';
import type { RemovalList } from './chroma/removal-list.ts';
import type { Unindexer } from './chroma/unindexer.ts';
import type { HotIndex } from './hot/hot-index.ts';
import type { NearIndex, Progress, SharedIndex } from './near-index.ts';

/** What is behind it; without `hot` (no build of usearch for this machine) Chroma answers everything. */
export interface LayeredIndexOptions {
  readonly hot: HotIndex | undefined;
  readonly cold: SharedIndex;
  readonly rebuild: (prefix: string | undefined) => AsyncGenerator<Progress>;
  /** What has to leave Chroma, and who sees to it. */
  readonly removals: Pick<RemovalList, 'add' | 'of'>;
  readonly unindexer: Pick<Unindexer, 'length' | 'stop' | 'workOff'>;
  /** Hears which of the two answered a question. */
  readonly onAnswer: (by: 'hot' | 'chroma') => void;
  readonly log: Logger;
}

/** How long a removal waits for Chroma before it says that something is still there. */
const settleMs = 500;

/** Two indexes that look like one. Both hold every entry they have room for, so either may answer. */
export class LayeredIndex implements NearIndex {
  readonly #hot: HotIndex | undefined;
  readonly #cold: SharedIndex;
  readonly #log: Logger;
  readonly #onAnswer: LayeredIndexOptions['onAnswer'];
  readonly #removals: LayeredIndexOptions['removals'];
  readonly #unindexer: LayeredIndexOptions['unindexer'];
  readonly rebuild: LayeredIndexOptions['rebuild'];

  constructor({ hot, cold, rebuild, removals, unindexer, onAnswer, log }: LayeredIndexOptions) {
    this.rebuild = rebuild;
    this.#removals = removals;
    this.#unindexer = unindexer;
    this.#onAnswer = onAnswer;
    this.#hot = hot;
    this.#cold = cold;
    this.#log = log;
  }

  get ready(): boolean {
    return this.#cold.ready;
  }

  get pending(): number {
    return this.#cold.pending + (this.#hot?.pending ?? 0);
  }

  get collections(): number {
    return this.#cold.collections;
  }

  get leaving(): number {
    return this.#unindexer.length;
  }

  get hot(): { readonly partitions: number; readonly vectors: number } {
    return { partitions: this.#hot?.partitions ?? 0, vectors: this.#hot?.vectors ?? 0 };
  }

  async prepare(partition: Partition): Promise<void> {
    try {
      await this.#hot?.catchUp(partition);
    } catch (err) {
      if (!(err instanceof RefrainError)) return this.#beginAnew(partition, err);
      // Redis is away: the lookup hears of it by its own command. What is missed now is in the journal next time.
      this.#log.debug({ err, partition: partition.key }, 'the journal of a partition could not be read');
    }
  }

  peek(partition: Partition, vector: Float32Array, count: number): readonly string[] | undefined {
    return this.#try(partition, (hot) => hot.peek(partition, vector, count));
  }

  async query(
    partition: Partition,
    vector: Float32Array,
    count: number,
    size: number,
  ): Promise<readonly string[] | undefined> {
    const fromHot = this.#queryHot(partition, vector, count, size);
    if (fromHot) this.#cold.keepOpen(partition);
    const ids = fromHot ?? (await this.#cold.query(partition, vector, count, size));
    if (ids) this.#onAnswer(fromHot ? 'hot' : 'chroma');
    return ids;
  }

  add(partition: Partition, id: string, vector: Float32Array): void {
    this.#cold.add(partition, id, vector);
    this.#try(partition, (hot) => hot.add(partition, id, vector));
  }

  remove(partition: Partition, ids: readonly string[]): void {
    this.#cold.remove(partition, ids);
    this.#try(partition, (hot) => hot.remove(partition, ids));
  }

  drop(partition: Partition): void {
    this.#cold.drop(partition);
    this.#hot?.forget(partition);
  }

  list(partition: Partition, ids?: readonly string[]): Promise<void> {
    return this.#removals.add(partition, ids);
  }

  async settle(tenant: string): Promise<number> {
    if (this.#cold.ready) await Promise.race([this.#unindexer.workOff(), pause(settleMs, undefined, { ref: false })]);
    return this.#removals.of(tenant);
  }

  forget(isErased: (tenant: string) => boolean): void {
    this.#hot?.forgetTenants(isErased);
  }

  async stop(): Promise<void> {
    this.#hot?.stop();
    await Promise.all([this.#unindexer.stop(), this.#cold.stop()]);
  }

  #queryHot(partition: Partition, vector: Float32Array, count: number, size: number): readonly string[] | undefined {
    return this.#try(partition, (hot) => hot.query(partition, vector, count, size));
  }

  #try<T>(partition: Partition, call: (hot: HotIndex) => T): T | undefined {
    if (!this.#hot) return undefined;
    try {
      return call(this.#hot);
    } catch (err) {
      this.#beginAnew(partition, err);
      return undefined;
    }
  }

  /** Foreign code in this process: where it throws, the partition begins anew, and Chroma answers meanwhile. */
  #beginAnew(partition: Partition, err: unknown): void {
    this.#hot?.forget(partition);
    this.#log.error({ err, partition: partition.key }, 'the hot index failed');
  }
}
