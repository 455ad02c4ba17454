/**
 * Answers are told again for a few seconds after their end, by the router that gave them and over all routers, before the cache has them.
 * Whoever takes an answer out (it was wrong, or is erased) leaves a mark in Redis, so that it is not told on that way either.
 */

/** How long an answer is shared after its end. */
export const answersSharedMs = 5000;
/** How long a mark stays: until nothing is shared any more that was complete before it. */
export const revokedMs: number = answersSharedMs + 1000;

/** Where the mark stands; of an exact key its first half, which names entries, is enough. The braces keep it beside the flights of its question. */
export function revokedKey(exactKey: string): string {
  return `rf:1:w:{${exactKey.slice(0, 32)}}`;
}
