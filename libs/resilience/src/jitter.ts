/**
 * Milliseconds to wait before retry number `attempt` (from 0): anywhere between 0 and the exponential bound, so that
 * callers that failed together do not come back together (AWS Architecture Blog, "Exponential Backoff And Jitter").
 */
export function fullJitter(attempt: number, baseMs: number, maxMs: number, random: () => number = Math.random): number {
  return random() * Math.min(maxMs, baseMs * 2 ** attempt);
}
