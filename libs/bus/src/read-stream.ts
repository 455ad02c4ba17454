import { RefrainError, toRefrainError } from '@refrain/errors';
import type { StreamOptions } from './bus.ts';
import { isNoResponders, type Mux, noResponders } from './mux.ts';

/** Sends a question with a private reply subject and yields every answer until the reader stops. */
export async function* readStream(
  mux: Mux,
  send: (reply: string) => void,
  options: StreamOptions,
): AsyncGenerator<Uint8Array> {
  const arrived: Uint8Array[] = [];
  let failure: RefrainError | undefined;
  let wake: (() => void) | undefined;
  const fail = (error: RefrainError) => {
    failure ??= error;
    wake?.();
  };
  const inbox = mux.open((message) => {
    if (message instanceof RefrainError) return fail(message);
    if (isNoResponders(message)) return fail(noResponders());
    arrived.push(message.data);
    wake?.();
  });
  const abort = () => fail(toRefrainError(options.signal.reason));
  options.signal.addEventListener('abort', abort, { once: true });
  const silent = () => fail(new RefrainError('unavailable', 'The worker fell silent.', { reason: 'WORKER_SILENT' }));
  const patience = () => (typeof options.idleMs === 'function' ? options.idleMs() : options.idleMs);
  let idle = setTimeout(silent, patience());
  try {
    options.onOpen?.(inbox.subject);
    if (options.signal.aborted) abort();
    else send(inbox.subject);
    for (;;) {
      const data = arrived.shift();
      if (data) {
        // A reader that takes its time is no silence of the other side.
        clearTimeout(idle);
        yield data;
        idle = setTimeout(silent, patience());
      } else if (failure) {
        throw failure;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    clearTimeout(idle);
    options.signal.removeEventListener('abort', abort);
    inbox.close();
  }
}
