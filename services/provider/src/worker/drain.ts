/** How a worker stops: it takes no more, what it has taken may finish until its time is up, then that is told that nobody works on it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Inbox, Subscription } from '@refrain/bus';
import { RefrainError } from '@refrain/errors';
import type { TakenRequests } from './taken-requests.ts';

/** What has to end. */
export interface Draining {
  /** Where work comes from. */
  readonly work: readonly Subscription[];
  /** No more of it comes. */
  readonly onLeft: () => void;
  /** Where routers say that they wait, or do not: open to the last. */
  readonly controls: Subscription;
  readonly control: Inbox;
  readonly taken: TakenRequests;
  readonly isIdle: () => boolean;
  /** When what still runs is stopped, by `performance.now()`; may come nearer meanwhile. */
  readonly stopAtMs: () => number;
}

/** For subscriptions to end, and for what was stopped to say so. */
const goodbyeMs = 1000;

/** Drains a worker; it never takes more than two seconds longer than `stopAtMs`, and never throws. */
export async function drain({ work, onLeft, controls, control, taken, isIdle, stopAtMs }: Draining): Promise<void> {
  await leave(work);
  onLeft();
  await until(isIdle, stopAtMs);
  taken.abort(new RefrainError('unavailable', 'The worker is stopping.', { reason: 'STOPPING' }));
  const endMs = performance.now() + goodbyeMs;
  await until(isIdle, () => endMs);
  control.close();
  await leave([controls]);
}

/** While the bus is away its subscriptions cannot say goodbye: that must not hold up what runs. */
async function leave(subscriptions: readonly Subscription[]): Promise<void> {
  await Promise.race([Promise.allSettled(subscriptions.map((each) => each.drain())), delay(goodbyeMs)]);
}

/** Waits for a condition, at most until a moment that may come nearer meanwhile. */
async function until(condition: () => boolean, endMs: () => number): Promise<void> {
  while (!condition() && performance.now() < endMs()) await delay(10);
}
