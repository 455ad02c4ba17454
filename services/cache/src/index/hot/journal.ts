/**
 * What changed in a partition, in Redis, so that every cache process can keep what it holds of it in step: a short stream of ids that
 * came (`+`) and went (`-`). It is cut at its old end: a reader that finds the last change it knows gone has missed some, and
 * compares all it holds with Redis.
 */
import type { State } from '@refrain/state';
import type { Partition } from '../../entries/partition.ts';

/** One change. */
export interface Change {
  readonly id: string;
  readonly came: boolean;
}

/** How far somebody has read. */
export type Place = string;

const kept = 1000;
/** A journal that was cut has at least as many as are kept. */
const page = kept;
/** A journal that nobody writes to is of no use to anybody. */
const lifeMs = 3_600_000;
const beginning: Place = '0-0';

/** Changes of all partitions. Every method throws RefrainError `unavailable` where Redis does not answer. */
export class Journal {
  readonly #state: State;
  readonly #keyOf: (partition: Partition) => string;

  constructor(state: State, keyOf: (partition: Partition) => string) {
    this.#state = state;
    this.#keyOf = keyOf;
  }

  /** Tells the others. */
  async write(partition: Partition, changes: readonly Change[]): Promise<void> {
    const journal = this.#keyOf(partition);
    const fields = changes.flatMap(({ id, came }) => [came ? '+' : '-', id]);
    // Two commands of one moment: they travel with whatever else is asked then.
    await Promise.all([
      this.#state.command('XADD', journal, 'MAXLEN', '~', kept, '*', ...fields),
      this.#state.command('PEXPIRE', journal, lifeMs),
    ]);
  }

  /** Where it ends now. */
  async end(partition: Partition): Promise<Place> {
    const last = await this.#state.command('XREVRANGE', this.#keyOf(partition), '+', '-', 'COUNT', 1);
    return (last as Record[])[0]?.[0] ?? beginning;
  }

  /**
   * What changed since `place`, which was read so many milliseconds ago, and where it ends now; undefined where some of it is not there
   * any more, or too much.
   */
  async since(
    partition: Partition,
    place: Place,
    agoMs: number,
  ): Promise<{ changes: Change[]; end: Place } | undefined> {
    // A journal may have come and ended since it was found empty.
    if (place === beginning && agoMs > lifeMs) return undefined;
    const journal = this.#keyOf(partition);
    const records = (await this.#state.command('XRANGE', journal, place, '+', 'COUNT', page)) as Record[];
    const isWhole = place === beginning || records[0]?.[0] === place;
    if (!isWhole || records.length === page) return undefined;
    const fresh = place === beginning ? records : records.slice(1);
    return { changes: fresh.flatMap(([, fields]) => toChanges(fields)), end: fresh.at(-1)?.[0] ?? place };
  }
}

/** A place, and pairs of a sign and an id. */
type Record = [Place, string[]];

function toChanges(fields: readonly string[]): Change[] {
  const changes: Change[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) changes.push({ came: fields[i] === '+', id: fields[i + 1] ?? '' });
  return changes;
}
