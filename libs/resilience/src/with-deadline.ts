import { RefrainError } from '@refrain/errors';

/** Turns of the event loop in which what has arrived is looked at before a call is given up. */
const lastTurns = 3;

/**
 * Runs a call that may take `ms`, and aborts it then. A process that was busy notices a deadline late, and its timers come before its
 * sockets: what has arrived meanwhile is read first, else a burst of requests gives up calls whose answers are there.
 * @throws RefrainError `deadline` naming `what`; else whatever the call throws
 */
export function withDeadline<T>(call: (signal: AbortSignal) => Promise<T>, ms: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = new AbortController();
    let waiting: NodeJS.Immediate | undefined;
    const expire = (turns: number) => {
      if (turns > 0) {
        waiting = setImmediate(expire, turns - 1);
        return;
      }
      reject(new RefrainError('deadline', `${what} took longer than ${Math.round(ms)} ms.`));
      abort.abort();
    };
    const timer = setTimeout(expire, ms, lastTurns);
    const end = () => {
      clearTimeout(timer);
      clearImmediate(waiting);
    };
    call(abort.signal).then(
      (value) => {
        end();
        resolve(value);
      },
      (error: unknown) => {
        end();
        reject(error);
      },
    );
  });
}
