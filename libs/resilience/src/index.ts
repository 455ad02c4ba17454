export { AttemptBudget } from './attempt-budget.ts';
export { Breaker, type BreakerOptions, type BreakerState } from './breaker.ts';
export { type Clock, systemClock } from './clock.ts';
export { Deadline } from './deadline.ts';
export { fullJitter } from './jitter.ts';
export { RateLimiter, type RateVerdict } from './rate-limiter.ts';
export { Semaphore } from './semaphore.ts';
export { type Joined, SingleFlight } from './single-flight.ts';
export { withTimeout } from './with-timeout.ts';
