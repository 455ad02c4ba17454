/**
 * Answers that were given a moment ago. When a flight has ended, its answer is not in the cache yet; and a question that was looked up
 * before it was there has come back with nothing and is about to ask anew. It hears the answer from here instead: N identical questions
 * cost one call upstream, also those that come while it ends.
 */
import type { Answer } from '@refrain/contracts';

/** A store takes some 10 ms, a lookup 250 at most; the rest is for a busy machine. */
const keptMs = 1000;
/** A busy router's misses of one second. */
const maximumKept = 2000;

/** Answers by their flights' keys, each for a second. */
export class FreshAnswers {
  readonly #answers: Map<string, { readonly answer: Answer; readonly timer: NodeJS.Timeout }> = new Map();

  /** Keeps one; beyond 2,000 the oldest goes. */
  put(key: string, answer: Answer): void {
    this.#drop(key);
    const [oldest] = this.#answers.keys();
    if (oldest !== undefined && this.#answers.size >= maximumKept) this.#drop(oldest);
    const timer = setTimeout(() => this.#answers.delete(key), keptMs).unref();
    this.#answers.set(key, { answer, timer });
  }

  /** The answer, if it was given within the last second. */
  get(key: string): Answer | undefined {
    return this.#answers.get(key)?.answer;
  }

  /** Forgets all of them: one was wrong. */
  clear(): void {
    for (const key of [...this.#answers.keys()]) this.#drop(key);
  }

  #drop(key: string): void {
    clearTimeout(this.#answers.get(key)?.timer);
    this.#answers.delete(key);
  }
}
