import { setTimeout as pause } from 'node:timers/promises';

/** Long work in this process takes its turns: so long at a time, and then nothing for as long, so that lookups go on beside it. */
const sliceMs = 2;
const restMs = 2;

/** Gives a function to be awaited after every small step: it lets the event loop go on when the slice is used up. */
export function inSlices(): () => Promise<void> {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < sliceMs) return;
    await pause(restMs);
    began = performance.now();
  };
}
