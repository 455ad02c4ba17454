import type { Bus } from '@refrain/bus';
import { RefrainError } from '@refrain/errors';
import type { SendFrame } from './transcript.ts';

/** Sends an attempt's frames. While the bus is away the routers have heard so too, and nobody waits for the rest: it is aborted. */
export function sendFrames(bus: Pick<Bus, 'publish'>, abort: AbortController): SendFrame {
  return (listener, frame, mayWait) => {
    try {
      bus.publish(listener, frame, { mayWait });
    } catch (cause) {
      abort.abort(new RefrainError('canceled', 'The answer has nowhere to go.', { reason: 'ABANDONED', cause }));
    }
  };
}
