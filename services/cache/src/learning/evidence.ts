/**
 * What is known of a partition: counters, those of hits told apart by confidence. They are sums, so that any number of caches add to the
 * same ones and come to the same conclusions. Those of hits, and the lookups they are compared with, fade: they say how it is now, and are
 * whole numbers no longer.
 */

/**
 * What is counted for each confidence:
 * - `hits`: lookups that the shipped verifier would have answered, whatever became of them;
 * - `exposed`: of those, the ones somebody could find wrong: served, or judged in the shadow;
 * - `judged`, `wrong`: verdicts, whoever gave them;
 * - `sampled`, `sampledWrong`: of those, the verdicts by a fresh answer; callers tell of what is wrong rather than of what is right.
 */
export type Binned = 'hits' | 'exposed' | 'judged' | 'wrong' | 'sampled' | 'sampledWrong';

/**
 * What is counted for the partition as a whole; times in microseconds. `answers` are fresh ones that were stored with the time they took
 * (`answersUs`). Of these `lookups` alone fade; `lookupsEver` and `hitsEver` are for people.
 */
type Plain =
  | 'lookups'
  | 'lookupsEver'
  | 'hitsEver'
  | 'quarantined'
  | 'spentUs'
  | 'savedUs'
  | 'savedNanoUsd'
  | 'answers'
  | 'answersUs';

/** A counter's name in Redis. */
export type Field = Plain | `${Binned}:${number}`;

/** Half a unit of log-odds each: fine where confidence is high and a step means much. */
const binsPerUnit = 2;
const lowestLogit = -2;
/** How many there are; the last has no upper end. */
export const bins = 17;

/** The bin of a confidence. */
export function binOf(confidence: number): number {
  const logit = Math.log(confidence / (1 - confidence));
  // Not a number only where it is none; that counts for nothing anywhere.
  return Math.max(0, Math.min(bins - 1, Math.floor((logit - lowestLogit) * binsPerUnit)));
}

/** The least confidence of a bin. */
export function lowerEdge(bin: number): number {
  return bin <= 0 ? 0 : 1 / (1 + Math.exp(-(lowestLogit + bin / binsPerUnit)));
}

/** A partition's counters. */
export class Evidence {
  readonly #counts: ReadonlyMap<string, number>;

  constructor(counts: ReadonlyMap<string, number> = new Map()) {
    this.#counts = counts;
  }

  /** One counter; 0 where nothing was counted. */
  of(field: Field): number {
    return this.#counts.get(field) ?? 0;
  }

  /** The sum over all bins from one on. */
  from(name: Binned, firstBin: number = 0): number {
    let sum = 0;
    for (let bin = firstBin; bin < bins; bin += 1) sum += this.of(`${name}:${bin}`);
    return sum;
  }

  /** How long a fresh answer takes here, in microseconds; undefined where nobody has said. */
  get typicalUs(): number | undefined {
    const answers = this.of('answers');
    return answers > 0 ? this.of('answersUs') / answers : undefined;
  }
}
