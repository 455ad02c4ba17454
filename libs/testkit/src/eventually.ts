import { setTimeout as delay } from 'node:timers/promises';

/** Waits until a condition holds, looking every 10 ms. @throws Error naming `what` when it does not within `timeoutMs`. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  options: { timeoutMs?: number; what?: string } = {},
): Promise<void> {
  const { timeoutMs = 10_000, what = 'the condition' } = options;
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await delay(10);
  }
}
