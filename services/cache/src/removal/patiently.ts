import { setTimeout as delay } from 'node:timers/promises';
import { RefrainError } from '@refrain/errors';

const tries = 3;
/** Longer than the breaker before Redis stays open. */
const pauseMs = 250;

/**
 * Work of many steps is not given up because Redis was late for one of them: the step is tried again, so it must be one that may be done
 * twice. @throws what the last try threw, and at once what is no matter of time
 */
export async function patiently<T>(step: () => Promise<T>): Promise<T> {
  for (let left = tries - 1; ; left -= 1) {
    try {
      return await step();
    } catch (error) {
      const isLate = error instanceof RefrainError && ['REDIS_DOWN', 'BREAKER_OPEN'].includes(error.reason);
      if (!isLate || left === 0) throw error;
      await delay(pauseMs);
    }
  }
}
