/** Why a Redis that answers takes no change: without it an operator sees parts that do nothing beside a server that is up. */

/** After this without another refusal it is taken to be over: who is refused asks again within it where anybody asks at all. */
const lastsMs = 60_000;

/** By the first word of the reply (redis.io, "RESP errors"). What is not here is about one command, and no state of the server. */
const meanings: ReadonlyMap<string, string> = new Map([
  ['MISCONF', 'it cannot save to its disk; is the disk full?'],
  ['OOM', 'its memory is full (maxmemory)'],
  ['READONLY', 'it is a replica'],
  ['LOADING', 'it is still loading its data'],
  ['NOAUTH', 'it wants a password'],
  ['NOPERM', 'its user may not do this'],
]);

/** What the server means by a reply that is a refusal of more than one command. */
export function toRefusal(reply: unknown): string | undefined {
  if (!(reply instanceof Error)) return undefined;
  // A script's error has the command's behind its own words.
  return [...meanings].find(([word]) => new RegExp(`(^|\\s)-?${word}\\s`).test(reply.message))?.[1];
}

/** Remembers the last refusal for a while. */
export class LastRefusal {
  readonly #now: () => number;
  #why = '';
  #atMs = Number.NEGATIVE_INFINITY;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Why the server refuses; empty where nothing was refused lately. */
  get why(): string {
    return this.#now() - this.#atMs < lastsMs ? this.#why : '';
  }

  /** Whether this is news. */
  note(why: string): boolean {
    const isNews = this.why !== why;
    this.#why = why;
    this.#atMs = this.#now();
    return isNews;
  }
}
