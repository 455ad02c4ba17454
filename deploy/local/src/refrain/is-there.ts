import { setTimeout as delay } from 'node:timers/promises';

const patienceMs = 2000;
const lookMs = 10;

/** Whether a connection comes up within two seconds: a person waits for the command. */
export async function isThere(isUp: () => boolean): Promise<boolean> {
  const end = performance.now() + patienceMs;
  while (!isUp() && performance.now() < end) await delay(lookMs);
  return isUp();
}
